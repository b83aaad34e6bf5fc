"""`perdure replay`."""

import dataclasses
import json
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from cli.client import state
from cli.exits import Exit, fail
from workers.compose import UnreachableError, connect_temporal
from workers.replay import Replayed, golden, recent, replay


async def run_replay(folder: str, count: int, *, as_json: bool) -> None:
    """Replay golden histories and the server's last `count` of each kind. Ends with 1 where one comes out otherwise."""
    path = Path(folder)
    outcomes: list[Replayed] = await replay(golden(path)) if path.is_dir() else []
    if count:
        try:
            client = await connect_temporal(5, default=state().get("temporal"))
        except UnreachableError as error:
            fail(str(error), Exit.UNREACHABLE)
        outcomes += await replay(recent(client, count))
    if not outcomes:
        fail(f"There is nothing to replay: {folder} has no histories. Say --recent N for the server's own.")
    if as_json:
        print(json.dumps([dataclasses.asdict(one) for one in outcomes]))
    else:
        _show(outcomes)
    if any(one.problem for one in outcomes):
        raise typer.Exit(Exit.FAILED)


def _show(outcomes: list[Replayed]) -> None:
    table = Table("history", "events", "outcome")
    for one in outcomes:
        table.add_row(one.name, str(one.events), one.problem or "the same")
    Console().print(table)
