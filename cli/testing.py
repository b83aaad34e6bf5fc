"""`perdure models test`: does a model answer, how fast, and at what cost?"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import httpx2
import typer
from rich.console import Console
from rich.table import Table

from cli.client import Server, ask
from cli.exits import Exit

_PATIENCE = httpx2.Timeout(30, read=660)
"""Seconds. A call is given up by the server after ten minutes."""


async def test_models(server: Server, models: Sequence[str], *, prompt: str | None, as_json: bool) -> None:
    """Ask each model for a few words. Ends the command with a failure where one does not answer."""
    asked: list[dict[str, Any]] = [{"model": model, **({"prompt": prompt} if prompt else {})} for model in models]
    async with server.http(_PATIENCE) as http:
        # Each is known before one is paid for.
        for model in models:
            await ask(http, "GET", f"/api/models/{model}")
        found = await asyncio.gather(*(ask(http, "POST", "/api/models/test", body) for body in asked))
    if as_json:
        print(json.dumps(found))
    else:
        Console(highlight=False).print(_table(models, found))
    if not all(one["ok"] for one in found):
        raise typer.Exit(int(Exit.FAILED))


def _table(models: Sequence[str], found: Sequence[dict[str, Any]]) -> Table:
    table = Table("model", "", "first token", "total", "cost USD", "said")
    for column in (2, 3, 4):
        table.columns[column].justify = "right"
    for model, one in zip(models, found, strict=True):
        mark = " (simulated)" if one["simulated"] else ""
        verdict = "[green]ok[/green]" if one["ok"] else f"[red]{one['error_kind']}[/red]"
        said = one["text"] if one["ok"] else one["error"]
        cost = one["cost_usd"] or ""
        times = (_milliseconds(one["first_token_ms"]), _milliseconds(one["total_ms"]))
        table.add_row(f"{one['model'] or model}{mark}", verdict, *times, cost, _plain(said))
    return table


def _milliseconds(value: int | None) -> str:
    return "" if value is None else f"{value:,} ms"


def _plain(text: str) -> str:
    """Text that may hold what rich takes for markup."""
    from rich.markup import escape

    return escape(" ".join(text.split()))
