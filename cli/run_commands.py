"""`perdure run`: the commands. Each imports what it needs when it runs."""

import asyncio
from typing import Annotated

import typer

from cli.options import Json, Key, Url

run_app = typer.Typer(help="Runs of pipelines.", no_args_is_help=True)

Run = Annotated[str, typer.Argument(help="The run's id.")]
Step = Annotated[
    str | None,
    typer.Option("--step", help="The approval, where several wait: `check`, or `check.2` in the third item."),
]
Comment = Annotated[str | None, typer.Option("--comment", help="Why.")]
User = Annotated[str | None, typer.Option("--user", help="Who decides, for approvals that are some people's.")]
Group = Annotated[list[str], typer.Option("--group", help="A group that they are in; may be given again.")]


@run_app.command("start")
def start(
    pipeline: Annotated[str, typer.Argument(help="A pipeline's name, or a file, which is stored first.")],
    given: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", help="An input, as name=value; JSON where it is, else text. @FILE reads it."),
    ] = None,
    version: Annotated[str | None, typer.Option(help="A version's hash, or its beginning; else the newest.")] = None,
    key_of_run: Annotated[
        str | None, typer.Option("--idempotency-key", help="The same key names the same run.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Follow it to its end.")] = False,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Run a pipeline. Prints the run's id; with --watch it ends with 1 where the run does not end well."""
    from cli.client import reach
    from cli.runs import start_run

    asyncio.run(start_run(reach(url, key), pipeline, given or [], version, key_of_run, watch=watch, as_json=as_json))


@run_app.command("list")
def list_(
    pipeline: Annotated[str | None, typer.Option(help="Those of this pipeline.")] = None,
    state: Annotated[str | None, typer.Option(help="Those in this state.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """List runs, newest first."""
    from cli.client import reach
    from cli.runs import list_runs

    asyncio.run(list_runs(reach(url, key), pipeline, state, as_json=as_json))


@run_app.command("show")
def show(
    run: Run,
    step: Annotated[str | None, typer.Argument(help="A step of it, closely: `write`, or `look.2.5`.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Show a run: where each step stands, what it cost, what it waits for, and its output."""
    from cli.client import reach
    from cli.runs import show_run

    asyncio.run(show_run(reach(url, key), run, step, as_json=as_json))


@run_app.command("watch")
def watch(run: Run, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Follow a run to its end. Ends with 1 where it does not end well. Leaving does not stop it."""
    from cli.client import reach
    from cli.watching_runs import watch_run

    asyncio.run(watch_run(reach(url, key), run, as_json=as_json))


@run_app.command("approve")
def approve(
    run: Run,
    step: Step = None,
    comment: Comment = None,
    value: Annotated[
        str | None, typer.Option("--value", help="Approve this instead; JSON where it is, else text. @FILE reads it.")
    ] = None,
    user: User = None,
    group: Group = [],  # noqa: B006
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Approve what a step of the run shows."""
    from cli.client import reach
    from cli.runs import act, decision

    body = decision(step, comment, user, group, value)
    asyncio.run(act(reach(url, key), run, "approve", body, as_json=as_json))


@run_app.command("reject")
def reject(
    run: Run,
    step: Step = None,
    comment: Comment = None,
    user: User = None,
    group: Group = [],  # noqa: B006
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Reject it."""
    from cli.client import reach
    from cli.runs import act, decision

    asyncio.run(act(reach(url, key), run, "reject", decision(step, comment, user, group), as_json=as_json))


@run_app.command("signal")
def signal(
    run: Run,
    event: Annotated[str, typer.Argument(help="The event's name.")],
    payload: Annotated[str | None, typer.Option("--payload", help="What comes with it; JSON where it is.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Send a run an event that a step waits for."""
    from cli.client import reach
    from cli.runs import act, value_of

    body = {"event": event, "payload": value_of(payload)}
    asyncio.run(act(reach(url, key), run, "signal", body, as_json=as_json))


@run_app.command("cancel")
def cancel(run: Run, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Stop a run; what it has found out is kept."""
    _plain(run, "cancel", url, key, as_json)


@run_app.command("pause")
def pause(run: Run, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Let no further step begin."""
    _plain(run, "pause", url, key, as_json)


@run_app.command("resume")
def resume(run: Run, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Let steps begin again."""
    _plain(run, "resume", url, key, as_json)


@run_app.command("retry")
def retry(run: Run, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Let a run that failed or was stopped go on where it did."""
    _plain(run, "retry", url, key, as_json)


@run_app.command("fork")
def fork(
    run: Run,
    step: Annotated[str, typer.Argument(help="The first step that is run anew.")],
    edits: Annotated[
        str | None, typer.Option("--edits", help='Edits by step, as JSON: {"write": {"model": "..."}}. @FILE reads it.')
    ] = None,
    result: Annotated[
        str | None, typer.Option("--result", help="Do not run the step: this is what it gave. @FILE reads it.")
    ] = None,
    given: Annotated[
        list[str] | None, typer.Option("--input", "-i", help="An input of the run, as name=value.")
    ] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Begin another run from a step of this one; what came before is used again, at no cost."""
    from cli.client import reach
    from cli.runs import act, inputs_of, value_of

    body = {"step": step, "edits": value_of(edits) or {}, "input": inputs_of(given or [])}
    body |= {} if result is None else {"result": value_of(result)}
    asyncio.run(act(reach(url, key), run, "fork", body, as_json=as_json))


def _plain(run: str, action: str, url: str | None, key: str | None, as_json: bool) -> None:
    from cli.client import reach
    from cli.runs import act

    asyncio.run(act(reach(url, key), run, action, None, as_json=as_json))
