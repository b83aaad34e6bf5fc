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
from storage.usage_days import sum_again
from storage.verifying import Verdict, verify, wrong_days


async def run_verify(settings: Settings, *, examples: int, as_json: bool) -> None:
    """Ask every invariant, and explain so many exceptions of each. Ends with 1 where one that is grave does not hold."""
    async with own_database(settings) as database, database.begin() as connection:
        verdicts = await verify(connection, now=datetime.now(UTC), examples=examples)
    if as_json:
        print(json.dumps([_members(one) for one in verdicts], default=str))
    else:
        console = Console(highlight=False)
        for one in verdicts:
            _tell(console, one)
    if any(one.broken and one.invariant.grave for one in verdicts):
        raise typer.Exit(int(Exit.FAILED))


async def run_resum(settings: Settings) -> None:
    """Sum each day anew whose sums are not what the ledger says. Ends with 1 where a worker is summing at this moment."""
    left = 0
    async with own_database(settings) as database:
        async with database.begin() as connection:
            days = await wrong_days(connection)
        for workspace_id, day in days:
            async with database.begin() as connection:
                done = await sum_again(connection, workspace_id, day)
            left += not done
            print(
                f"{day} of workspace {workspace_id} " + ("was summed anew." if done else "is being summed: try again.")
            )
    if not days:
        print("Every day's sums are what the ledger says.")
    if left:
        raise typer.Exit(int(Exit.FAILED))


def _tell(console: Console, one: Verdict) -> None:
    invariant = one.invariant
    if not one.broken:
        console.print(f"[green]holds[/green]   {invariant.holds}")
        return
    word = "[red]broken[/red] " if invariant.grave else "[yellow]excused[/yellow]"
    count = "1 exception" if one.broken == 1 else f"{one.broken:,} exceptions"
    console.print(f"{word} {invariant.holds}\n        {count}. {invariant.meaning}", soft_wrap=True)
    for sentence in one.sentences():
        console.print(f"        {escape(sentence)}", soft_wrap=True)
    if len(one.examples) < one.broken:
        console.print(f"        The first {len(one.examples)} are shown; --examples says how many.", soft_wrap=True)


def _members(one: Verdict) -> dict[str, Any]:
    invariant = one.invariant
    return {
        "name": invariant.name,
        "invariant": invariant.holds,
        "holds": not one.broken,
        "grave": invariant.grave,
        "exceptions": one.broken,
        "meaning": invariant.meaning if one.broken else None,
        "examples": [{"says": says, **row} for says, row in zip(one.sentences(), one.examples, strict=True)],
    }
