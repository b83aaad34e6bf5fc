"""`perdure ledger`: works on the database itself."""

import json
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from cli.databases import own_database
from cli.exits import Exit
from settings import Settings
from storage.verifying import Verdict, verify


async def run_verify(settings: Settings, *, as_json: bool) -> None:
    """Ask every invariant, and explain each exception. Ends with 1 where one that is grave does not hold."""
    async with own_database(settings) as database, database.begin() as connection:
        verdicts = await verify(connection, now=datetime.now(UTC))
    if as_json:
        print(json.dumps([_members(one) for one in verdicts], default=str))
    else:
        console = Console(highlight=False)
        for one in verdicts:
            _tell(console, one)
    if any(one.broken and one.invariant.grave for one in verdicts):
        raise typer.Exit(int(Exit.FAILED))


def _tell(console: Console, one: Verdict) -> None:
    invariant = one.invariant
    if not one.broken:
        console.print(f"[green]holds[/green]   {invariant.holds}")
        return
    word = "[red]broken[/red] " if invariant.grave else "[yellow]excused[/yellow]"
    console.print(f"{word} {invariant.holds}\n        {one.broken:,} exceptions. {invariant.meaning}")
    for row in one.examples:
        console.print("        " + escape(", ".join(f"{name} {value}" for name, value in row.items())), soft_wrap=True)


def _members(one: Verdict) -> dict[str, Any]:
    invariant = one.invariant
    return {
        "name": invariant.name,
        "invariant": invariant.holds,
        "holds": not one.broken,
        "grave": invariant.grave,
        "exceptions": one.broken,
        "meaning": invariant.meaning if one.broken else None,
        "examples": list(one.examples),
    }
