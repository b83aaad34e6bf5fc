"""The commands. Each imports what it needs when it runs, so that help is quick."""

import asyncio
from typing import Annotated, Any

import typer

from cli.exits import Exit, fail
from cli.model_commands import models_app
from cli.options import Json, Key, Url
from cli.pipeline_commands import pipeline_app
from cli.policy_commands import policies_app

app = typer.Typer(
    name="perdure",
    help="Durable AI turns: answers that survive crashes, fail over, and are paid for once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
keys_app = typer.Typer(help="API keys.", no_args_is_help=True)
turn_app = typer.Typer(help="Turns.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
app.add_typer(turn_app, name="turn")
app.add_typer(models_app, name="models")

app.add_typer(policies_app, name="policies")
app.add_typer(pipeline_app, name="pipeline")


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
    from cli.serving import run_serve

    _run(run_serve, api=True, worker=True, migrating=migrate)


@app.command()
def api(migrate: Annotated[bool, typer.Option(help="Bring the schema up to date first.")] = False) -> None:
    """Run the API alone."""
    from cli.serving import run_serve

    _run(run_serve, api=True, worker=False, migrating=migrate)


@app.command()
def worker(migrate: Annotated[bool, typer.Option(help="Bring the schema up to date first.")] = False) -> None:
    """Run a worker alone."""
    from cli.serving import run_serve

    _run(run_serve, api=False, worker=True, migrating=migrate)


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    from cli.serving import run_migrate

    _run(run_migrate)


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
    recent: Annotated[int, typer.Option(help="How many of the server's last turns to replay as well.")] = 0,
    as_json: Json = False,
) -> None:
    """Replay golden and recent histories against this code; fails where it would decide otherwise."""
    from cli.replaying import run_replay

    asyncio.run(run_replay(golden, recent, as_json=as_json))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what was found, what would be used and what is wrong."""
    from cli.doctoring import run_doctor

    asyncio.run(run_doctor(_settings(), as_json=as_json))


@keys_app.command("create")
def keys_create(name: str, as_json: Json = False) -> None:
    """Make a key. It is shown once."""
    from cli.keys import create

    _run(create, name=name, as_json=as_json)


@keys_app.command("list")
def keys_list(as_json: Json = False) -> None:
    """List the keys, by their visible prefix."""
    from cli.keys import listed

    _run(listed, as_json=as_json)


@keys_app.command("revoke")
def keys_revoke(key: Annotated[str, typer.Argument(help="The key's id or prefix.")], as_json: Json = False) -> None:
    """End a key. Servers that have just seen it may honour it for ten seconds more."""
    from cli.keys import revoke

    _run(revoke, id_or_prefix=key, as_json=as_json)


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(installed("perdure"))


def _run(command: Any, **options: Any) -> None:
    """Run a command that needs settings. A part that cannot be reached ends with its own code."""
    import uvloop

    from workers.compose import UnreachableError
    from workers.policies.live import PolicyFileError

    settings = _settings()
    try:
        uvloop.run(command(settings, **options))
    except UnreachableError as error:
        fail(str(error), Exit.UNREACHABLE)
    except PolicyFileError as error:
        fail(str(error))
    except KeyboardInterrupt:
        return


def _settings() -> Any:
    """The settings. One that is wrong ends the command, saying which."""
    from pydantic import ValidationError

    from settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        fail(f"The setting {'.'.join(str(step) for step in first['loc'])} is wrong: {first['msg']}.", Exit.USAGE)


def main() -> None:
    """Run the command."""
    app()
