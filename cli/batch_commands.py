"""`perdure batch`: the commands. Each imports what it needs when it runs."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Json, Key, Url

batch_app = typer.Typer(
    help="Many turns and runs at once, at half the price where vendors have one.", no_args_is_help=True
)

Batch = Annotated[str, typer.Argument(help="The batch's id.")]


@batch_app.command("submit")
def submit(
    file: Annotated[Path, typer.Argument(help="A file with a JSON object in each line; `-` reads standard input.")],
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask each turn for itself, through no vendor's batch API.")
    ] = False,
    idempotency_key: Annotated[
        str | None, typer.Option("--idempotency-key", help="The same key names the same batch.")
    ] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Submit a batch. Prints its id; it goes on by itself."""
    from cli.batches import submit_batch
    from cli.client import reach

    mode = "live" if live else "auto"
    asyncio.run(submit_batch(reach(url, key), file, name, mode, idempotency_key, as_json=as_json))


@batch_app.command("list")
def list_(url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """List batches, newest first."""
    from cli.batches import list_batches
    from cli.client import reach

    asyncio.run(list_batches(reach(url, key), as_json=as_json))


@batch_app.command("show")
def show(batch: Batch, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Show how far a batch is, what it cost, and what of it is at which vendor."""
    from cli.batches import show_batch
    from cli.client import reach

    asyncio.run(show_batch(reach(url, key), batch, as_json=as_json))


@batch_app.command("results")
def results(
    batch: Batch,
    to: Annotated[Path | None, typer.Option("--to", help="Write them to this file.")] = None,
    url: Url = None,
    key: Key = None,
) -> None:
    """Print what came of each line, a JSON object in each."""
    from cli.batches import print_results
    from cli.client import reach

    asyncio.run(print_results(reach(url, key), batch, to))


@batch_app.command("cancel")
def cancel(batch: Batch, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Stop a batch. What is answered until then stays."""
    from cli.batches import cancel_batch
    from cli.client import reach

    asyncio.run(cancel_batch(reach(url, key), batch, as_json=as_json))
