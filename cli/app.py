"""The commands. Each imports what it needs when it runs, so that help is quick."""

import asyncio
import gc
from importlib import import_module
from typing import Annotated

import typer

from cli.batch_commands import batch_app
from cli.budget_commands import budgets_app, ledger_app
from cli.deploy_commands import deploy_app
from cli.document_commands import documents_app
from cli.exits import fail, leave
from cli.key_commands import keys_app
from cli.model_commands import models_app
from cli.options import Json, Key, Url
from cli.pipeline_commands import pipeline_app
from cli.policy_commands import policies_app
from cli.run_commands import run_app
from cli.running import run, settings
from cli.tool_commands import tools_app
from cli.trigger_commands import schedules_app, triggers_app
from cli.usage_commands import costs_app, usage
from cli.webhook_commands import webhooks_app

app = typer.Typer(
    name="perdure",
    help="Durable AI turns: answers that survive crashes, fail over, and are paid for once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
turn_app = typer.Typer(help="Turns.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
app.add_typer(turn_app, name="turn")
app.add_typer(models_app, name="models")
app.add_typer(budgets_app, name="budgets")
app.add_typer(ledger_app, name="ledger")
app.add_typer(costs_app, name="costs")
app.command()(usage)
app.add_typer(webhooks_app, name="webhooks")
app.add_typer(policies_app, name="policies")
app.add_typer(pipeline_app, name="pipeline")
app.add_typer(tools_app, name="tools")
app.add_typer(documents_app, name="documents")
app.add_typer(run_app, name="run")
app.add_typer(schedules_app, name="schedules")
app.add_typer(triggers_app, name="triggers")
app.add_typer(batch_app, name="batch")
app.add_typer(deploy_app, name="deploy")


@app.command()
def up(
    as_json: Json = False,
    local_model: Annotated[bool, typer.Option(help="Run a small real model here (see `make local-model`).")] = False,
    port: Annotated[int | None, typer.Option(help="The API's port.")] = None,
) -> None:
    """Run everything here: PostgreSQL, Temporal, the API and a worker."""
    from settings import Settings
    from workers.up import UpError, run_up

    settings = Settings()
    if port is not None:
        settings = settings.model_copy(update={"api_port": port})
    try:
        asyncio.run(run_up(settings, as_json=as_json, local_model=local_model))
    except UpError as error:
        fail(str(error))


@app.command()
def serve(migrate: Annotated[bool, typer.Option(help="Bring the schema up to date first.")] = False) -> None:
    """Run the API and a worker in one process."""
    _serve(api=True, worker=True, migrating=migrate)


@app.command()
def api(migrate: Annotated[bool, typer.Option(help="Bring the schema up to date first.")] = False) -> None:
    """Run the API alone."""
    _serve(api=True, worker=False, migrating=migrate)


@app.command()
def worker(migrate: Annotated[bool, typer.Option(help="Bring the schema up to date first.")] = False) -> None:
    """Run a worker alone."""
    _serve(api=False, worker=True, migrating=migrate)


def _serve(*, api: bool, worker: bool, migrating: bool) -> None:
    # What is imported stays: to look through it for garbage again and again takes an eighth of the start.
    gc.disable()
    from cli.processes import run_serve

    for room, wanted in (("cli.serving", api), ("workers.running", worker)):
        if wanted:
            import_module(room)
    gc.freeze()
    gc.enable()
    run(run_serve, api=api, worker=worker, migrating=migrating)


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    from cli.processes import run_migrate

    run(run_migrate)


@app.command()
def simulator(
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8399,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
) -> None:
    """Run the simulator that stands in for the vendors."""
    from providers.simulator.server import serve as serve_simulator

    try:
        asyncio.run(serve_simulator(host, port))
    except KeyboardInterrupt:
        return
    except OSError as error:
        fail(f"The simulator cannot listen on {host}:{port}: {error.strerror or error}.")


@app.command()
def chat(
    url: Url = None,
    key: Key = None,
    model: Annotated[str | None, typer.Option(help="The model, as provider:model.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Go on with this conversation.")] = None,
) -> None:
    """Talk to a model in the terminal. The conversation lives on the server."""
    from cli.chatting import run_chat
    from cli.client import reach

    asyncio.run(run_chat(reach(url, key), model=model, conversation=conversation))


@turn_app.command("show")
def turn_show(turn_id: str, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Explain a turn: its plan, its attempts and their costs, who did what."""
    from cli.client import reach
    from cli.turns import show_turn

    asyncio.run(show_turn(reach(url, key), turn_id, as_json=as_json))


@turn_app.command("cancel")
def turn_cancel(turn_id: str, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Stop a turn; its partial answer is kept."""
    from cli.client import reach
    from cli.turns import cancel_turn

    asyncio.run(cancel_turn(reach(url, key), turn_id, as_json=as_json))


@app.command()
def replay(
    golden: Annotated[str, typer.Option(help="A folder of golden histories.")] = "tests/replay/histories",
    recent: Annotated[
        int,
        typer.Option(help="How many of the server's last turns, runs, steps and batches, of each, to replay as well."),
    ] = 0,
    as_json: Json = False,
) -> None:
    """Replay golden and recent histories against this code; fails where it would decide otherwise."""
    from cli.replaying import run_replay

    asyncio.run(run_replay(golden, recent, as_json=as_json))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what was found, what would be used and what is wrong."""
    from cli.doctoring import run_doctor

    asyncio.run(run_doctor(settings(), as_json=as_json))


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(installed("perdure"))


def main() -> None:
    """Run the command."""
    try:
        app()
    except SystemExit as ended:
        leave(ended)
