"""`perdure models compare`: one prompt to several models, their answers side by side as they come."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import httpx2
import typer
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.client import Server, ask, exit_of, explain
from cli.events import Shown, read_events
from cli.exits import Exit, fail

RECONNECT_SECONDS = 0.5
GIVE_UP_SECONDS = 120.0
NARROWEST = 30
"""Characters of a column. Where the terminal has no room for all of them, they stand below each other."""
_PATIENCE = httpx2.Timeout(30, read=660)


async def compare_models(
    server: Server, prompt: str, models: Sequence[str], *, tokens: int | None, as_json: bool
) -> None:
    """Ask them all, and show what they say. Ends the command with a failure where one does not answer."""
    body: dict[str, Any] = {"prompt": prompt, "models": list(models)}
    if tokens is not None:
        body["knobs"] = {"max_output_tokens": tokens}
    async with server.http(_PATIENCE) as http:
        if as_json:
            answers = (await ask(http, "POST", "/api/compare", body))["answers"]
            print(json.dumps(answers))
            failed = any(one.get("error_kind") and not one["text"] for one in answers)
        else:
            columns = await _side_by_side(http, body)
            failed = any(_error(one) for one in columns)
    if failed:
        raise typer.Exit(int(Exit.FAILED))


async def _side_by_side(http: httpx2.AsyncClient, body: dict[str, Any]) -> list[Shown]:
    """Follow all answers to their ends, through every loss of the connection: the key finds the same turns again."""
    console, key, names = Console(highlight=False), uuid4().hex, list(body["models"])
    shown = [Shown() for _ in names]
    began = asyncio.get_running_loop().time()
    with Live(console=console, refresh_per_second=12, vertical_overflow="visible") as live:
        while not all(one.end for one in shown):
            shown = [Shown() for _ in names]
            try:
                async with http.stream(
                    "POST", "/api/compare?stream=true", json=body, headers={"Idempotency-Key": key}
                ) as answer:
                    if answer.is_error:
                        await answer.aread()
                    if answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
                        raise httpx2.ConnectError(explain(answer))
                    if answer.is_error:
                        live.stop()
                        fail(explain(answer), exit_of(answer))
                    async for name, data, position in read_events(answer):
                        began = asyncio.get_running_loop().time()
                        names[data["column"]] = data["asked"]
                        shown[data["column"]].apply(name, data, position)
                        live.update(_panels(console, names, shown))
            except httpx2.TransportError:
                if asyncio.get_running_loop().time() - began > GIVE_UP_SECONDS:
                    live.stop()
                    fail(f"{http.base_url} cannot be reached. The turns go on there.", Exit.UNREACHABLE)
            if not all(one.end for one in shown):
                await asyncio.sleep(RECONNECT_SECONDS)
        live.update(_panels(console, names, shown))
    return shown


def _panels(console: Console, names: Sequence[str], shown: Sequence[Shown]) -> Table | Group:
    panels = [_panel(name, one) for name, one in zip(names, shown, strict=True)]
    if console.width < NARROWEST * len(panels):
        return Group(*panels)
    table = Table.grid(expand=True)
    for _ in panels:
        table.add_column(ratio=1)
    table.add_row(*panels)
    return table


def _panel(name: str, one: Shown) -> Panel:
    error = _error(one)
    body = Text(one.text)
    if error:
        body.append(f"{error}" if not one.text else f"\n{error}", style="red")
    body.append(f"\n\n{_figures(one)}", style="dim")
    style = "red" if error else "green" if one.end else "dim"
    return Panel(body, title=escape(name), border_style=style)


def _error(one: Shown) -> str | None:
    """What a column failed of."""
    end = one.end or {}
    if end.get("message_id") or not end.get("error_kind"):
        return None
    return f"{end['error_kind']}: {end.get('error_message') or 'the turn failed'}"


def _figures(one: Shown) -> str:
    """Who answered, at which length and cost."""
    if one.end is None:
        return "..."
    model, usage, cost = (one.end.get(name) or {} for name in ("model", "usage", "cost"))
    figures = [f"{model['provider']}:{model['model']}"] if model else []
    if usage:
        figures.append(f"{usage['output']:,} tokens")
    if cost.get("total") is not None and cost.get("priced", True):
        figures.append(f"{cost['total']} USD")
    if one.end.get("simulated"):
        figures.append("simulated")
    return ", ".join(figures)
