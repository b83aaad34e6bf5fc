"""`perdure models`."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
from rich.console import Console
from rich.table import Table

from cli.client import Server, ask
from cli.exits import Exit, fail

_PAGE = 200
_PATIENCE = 60.0
"""Seconds that `refresh` waits for a worker."""


async def list_models(server: Server, asked: Mapping[str, Any], *, available: bool, as_json: bool) -> None:
    """List the models that are as asked; `asked` holds the API's query parameters, of which None is left out.

    `available`: only those that can be asked now, and why others cannot.
    """
    path = "/api/models/available" if available else "/api/models"
    given = {name: value for name, value in asked.items() if value not in (None, "", [])}
    found: list[dict[str, Any]] = []
    away: list[dict[str, Any]] = []
    async with server.http() as http:
        cursor: str | None = None
        while True:
            page = {**given, "limit": _PAGE, **({"cursor": cursor} if cursor else {})}
            answer = await ask(http, "GET", f"{path}?{urlencode(page, doseq=True)}")
            found += answer["data"]
            away = answer.get("away", [])
            cursor = answer["next_cursor"]
            if cursor is None:
                break
    if as_json:
        print(json.dumps(found))
        return
    table = Table("model", "window", "in", "out", "quality", "speed", "can")
    for column in (1, 2, 3, 4, 5):
        table.columns[column].justify = "right"
    for one in found:
        mark = " (simulated)" if one["simulated"] else " (deprecated)" if one["deprecated"] else ""
        table.add_row(one["id"] + mark, _tokens(one["window"]), *_prices(one), *_tiers(one), _can(one))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{len(found)} models; prices in USD per million tokens.")
    for one in away:
        name = one["provider"] + (f":{one['model']}" if one["model"] else "")
        console.print(f"Away: {name} ({one['reason']})" + (f" until {one['until']}" if one["until"] else ""))


async def show_model(server: Server, name: str, *, as_json: bool) -> None:
    """Say what is known of a model."""
    async with server.http() as http:
        one = await ask(http, "GET", f"/api/models/{quote(name, safe='/:')}")
    if as_json:
        print(json.dumps(one))
        return
    table = Table(show_header=False, title=f"{one['id']}", title_justify="left")
    for label, value in (
        ("name", one["name"]),
        ("window", _tokens(one["window"])),
        ("longest answer", _tokens(one["max_output"])),
        ("can", _can(one)),
        ("quality, speed", ", ".join(_tiers(one))),
        ("USD per million", _all_prices(one["prices"])),
        ("tags", ", ".join(one["tags"])),
        ("aliases", ", ".join(one["aliases"])),
        ("regions", ", ".join(one["regions"])),
        ("privacy", ", ".join(one["privacy"])),
        ("tokenizer", one["tokenizer"]),
        ("known from", one["source"]),
        ("state", "deprecated" if one["deprecated"] else "simulated" if one["simulated"] else ""),
    ):
        if value:
            table.add_row(label, str(value))
    Console(highlight=False).print(table)


async def refresh_models(server: Server, providers: Sequence[str], *, as_json: bool) -> None:
    """Have providers asked, wait until a worker has done so, and say what came of it."""
    async with server.http() as http:
        query = urlencode([("provider", one) for one in providers])
        asked = await ask(http, "POST", f"/api/models/refresh?{query}")
        try:
            async with asyncio.timeout(_PATIENCE):
                shown = await _outcome(http, asked["providers"])
        except TimeoutError:
            fail(
                f"No worker asked within {_PATIENCE:g} s. Does one run, and does the policy want discovery?",
                Exit.FAILED,
            )
    if as_json:
        print(json.dumps(shown))
        return
    table = Table("provider", "models", "listed", "")
    for one in shown:
        error = one["discovery"]["error"]
        said = error["message"] if error else ""
        table.add_row(one["provider"], str(one["models"]), str(one["discovery"]["listed"]), said)
    Console(highlight=False).print(table)


async def _outcome(http: httpx2.AsyncClient, named: Sequence[str]) -> list[dict[str, Any]]:
    while True:
        shown = [one for one in (await ask(http, "GET", "/api/models/providers"))["data"] if one["provider"] in named]
        if not any(one["discovery"] is None or one["discovery"]["pending"] for one in shown):
            return shown
        await asyncio.sleep(0.5)


def _tokens(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _prices(one: Mapping[str, Any]) -> tuple[str, str]:
    prices = one["prices"] or {}
    return prices.get("input") or "", prices.get("output") or ""


def _all_prices(prices: Mapping[str, str | None] | None) -> str:
    if prices is None:
        return "unknown"
    return ", ".join(f"{name.replace('_', ' ')} {price}" for name, price in prices.items() if price is not None)


def _tiers(one: Mapping[str, Any]) -> tuple[str, str]:
    return f"{one['quality']:.2f}", f"{one['speed']:.2f}"


def _can(one: Mapping[str, Any]) -> str:
    return ", ".join(word.replace("_", " ") for word in one["capabilities"] if word != "streaming")
