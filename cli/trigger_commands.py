"""`perdure schedules` and `perdure triggers`: the commands. Each imports what it needs when it runs."""

import asyncio
from typing import Annotated, Any

import typer

from cli.options import Json, Key, Url

schedules_app = typer.Typer(help="Schedules: pipelines that run when their time has come.", no_args_is_help=True)
triggers_app = typer.Typer(help="Triggers: pipelines that run when something happens.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="Its id.")]
Name = Annotated[str, typer.Argument(help="What to call it.")]
Pipeline = Annotated[str, typer.Argument(help="The pipeline that is run.")]
Given = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", help="An input, as name=value; templates as {{ at }} are filled in."),
]


@schedules_app.command("create")
def create_schedule(
    name: Name,
    pipeline: Pipeline,
    cron: Annotated[list[str] | None, typer.Option(help="When, as in '0 7 * * MON-FRI'. May be said again.")] = None,
    every: Annotated[str | None, typer.Option(help="How often, as in 90s, 15m, 1d.")] = None,
    time_zone: Annotated[str, typer.Option(help="Whose clock, for --cron.")] = "UTC",
    overlap: Annotated[
        str, typer.Option(help="While the last run is at work: skip, buffer_one, buffer_all, cancel_other, allow_all.")
    ] = "skip",
    paused: Annotated[bool, typer.Option(help="Start nothing yet.")] = False,
    given: Given = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Run a pipeline at times."""
    body: dict[str, Any] = {"cron": cron or [], "time_zone": time_zone, "overlap": overlap, "paused": paused}
    _make("schedules", {"name": name, "pipeline": pipeline, **body, "every": every}, given, url, key, as_json)


@schedules_app.command("list")
def list_schedules(url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """List the schedules."""
    _list("schedules", url, key, as_json)


@schedules_app.command("show")
def show_schedule(schedule: Id, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Show a schedule, its next times, and what came of the last."""
    _act("GET", f"schedules/{schedule}", None, url, key, as_json)


@schedules_app.command("pause")
def pause_schedule(schedule: Id, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Start nothing until it is resumed."""
    _act("PATCH", f"schedules/{schedule}", {"paused": True}, url, key, as_json)


@schedules_app.command("resume")
def resume_schedule(schedule: Id, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Let its times start runs again."""
    _act("PATCH", f"schedules/{schedule}", {"paused": False}, url, key, as_json)


@schedules_app.command("run")
def run_schedule(schedule: Id, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Run it once, now."""
    _act("POST", f"schedules/{schedule}/run", None, url, key, as_json)


@schedules_app.command("backfill")
def backfill_schedule(
    schedule: Id,
    start: Annotated[str, typer.Argument(help="From when, as in 2026-02-01T00:00:00Z.")],
    end: Annotated[str, typer.Argument(help="Until when.")],
    overlap: Annotated[str, typer.Option(help="As in create.")] = "buffer_all",
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Make up for the times of a stretch of the past."""
    body = {"start_at": start, "end_at": end, "overlap": overlap}
    _act("POST", f"schedules/{schedule}/backfill", body, url, key, as_json)


@schedules_app.command("delete")
def delete_schedule(schedule: Id, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """End a schedule; its runs stay."""
    _act("DELETE", f"schedules/{schedule}", None, url, key, as_json)


@triggers_app.command("create")
def create_trigger(
    name: Name,
    pipeline: Pipeline,
    webhook: Annotated[bool, typer.Option("--webhook", help="Deliveries to an address of its own start it.")] = False,
    after: Annotated[str | None, typer.Option(help="The ends of this pipeline's runs start it.")] = None,
    state: Annotated[list[str] | None, typer.Option(help="Which ends: completed, failed, cancelled.")] = None,
    given: Given = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Run a pipeline when something is delivered, or when another pipeline's run ends. Shows a webhook's secret, once."""
    body: dict[str, Any] = {"name": name, "pipeline": pipeline, "webhook": webhook, "after": after}
    _make("triggers", body | ({"states": state} if state else {}), given, url, key, as_json)


@triggers_app.command("list")
def list_triggers(url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """List the triggers."""
    _list("triggers", url, key, as_json)


@triggers_app.command("show")
def show_trigger(trigger: Id, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Show a trigger, and what came of it the last time."""
    _act("GET", f"triggers/{trigger}", None, url, key, as_json)


@triggers_app.command("pause")
def pause_trigger(trigger: Id, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Start nothing until it is resumed."""
    _act("PATCH", f"triggers/{trigger}", {"paused": True}, url, key, as_json)


@triggers_app.command("resume")
def resume_trigger(trigger: Id, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Let it start runs again."""
    _act("PATCH", f"triggers/{trigger}", {"paused": False}, url, key, as_json)


@triggers_app.command("rotate")
def rotate_trigger(trigger: Id, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Give a webhook another secret, and show it, once."""
    _act("POST", f"triggers/{trigger}/rotate", None, url, key, as_json)


@triggers_app.command("delete")
def delete_trigger(trigger: Id, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """End a trigger; its runs stay."""
    _act("DELETE", f"triggers/{trigger}", None, url, key, as_json)


def _make(
    kind: str, body: dict[str, Any], given: list[str] | None, url: str | None, key: str | None, as_json: bool
) -> None:
    from cli.client import reach
    from cli.runs import inputs_of
    from cli.triggers import act

    said = {"input": inputs_of(given)} if given else {}
    asyncio.run(act(reach(url, key), "POST", kind, {**body, **said}, as_json=as_json))


def _list(kind: str, url: str | None, key: str | None, as_json: bool) -> None:
    from cli.client import reach
    from cli.triggers import list_all

    asyncio.run(list_all(reach(url, key), kind, as_json=as_json))


def _act(method: str, path: str, body: Any, url: str | None, key: str | None, as_json: bool) -> None:
    from cli.client import reach
    from cli.triggers import act

    asyncio.run(act(reach(url, key), method, path, body, as_json=as_json))
