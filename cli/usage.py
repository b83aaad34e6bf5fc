"""`perdure usage` and `perdure costs`: what the commands do."""

import json
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from rich.console import Console
from rich.table import Table

from cli.client import Server, ask
from cli.exits import fail

_WIDTH = 30
_BLOCKS = " ▁▂▃▄▅▆▇█"


async def show_usage(server: Server, asked: Mapping[str, Any], *, as_csv: bool, as_json: bool) -> None:
    """Print sums, with a bar for each line's share of the dearest line's cost."""
    path = f"/api/usage?{_query(asked)}"
    async with server.http() as http:
        if as_csv:
            answer = await http.get(f"{path}&format=csv")
            answer.raise_for_status()
            print(answer.text, end="")
            return
        found = await ask(http, "GET", path)
    if as_json:
        print(json.dumps(found))
        return
    table = Table(*found["by"], "calls", "failed", "tokens", "USD", "")
    for column in table.columns[len(found["by"]) : -1]:
        column.justify = "right"
    most = max((Decimal(line["cost_usd"]) for line in found["lines"]), default=Decimal(0))
    for line in found["lines"]:
        names = ["" if line[name] is None else str(line[name]) for name in found["by"]]
        table.add_row(*names, *_sums(line), _bar(Decimal(line["cost_usd"]), most))
    if found["by"]:
        table.add_section()
    table.add_row(*["total", *([""] * (len(found["by"]) - 1))][: len(found["by"])], *_sums(found["total"]), "")
    Console(highlight=False).print(table)


async def show_analytics(server: Server, asked: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the trend as a line of blocks, the projection, and what costs most."""
    async with server.http() as http:
        found = await ask(http, "GET", f"/api/costs/analytics?{_query(asked)}")
    if as_json:
        print(json.dumps(found))
        return
    console = Console(highlight=False)
    trend, projection = found["trend"], found["projection"]
    console.print(f"{found['from']} to {found['to']}: {found['total']['cost_usd']} USD")
    console.print(_line([Decimal(day["cost_usd"]) for day in trend["days"]]))
    change = "" if trend["change"] is None else f", {trend['change']:+.0%} against the week before"
    console.print(f"{trend['mean_day_usd']} USD a day in the last week{change}")
    console.print(
        f"{projection['month']}: {projection['to_date_usd']} USD so far, {projection['projected_usd']} expected"
    )
    console.print(
        f"Caches saved {found['total']['cache_savings_usd']} USD; failures cost {found['total']['cost_of_failures_usd']}."
    )
    for name, lines in found["breakdown"].items():
        table = Table(name, "calls", "tokens", "USD", "")
        most = max((Decimal(line["cost_usd"]) for line in lines), default=Decimal(0))
        for line in lines:
            bar = _bar(Decimal(line["cost_usd"]), most)
            table.add_row(
                line[name] or "none told", f"{line['calls']:,}", f"{line['total_tokens']:,}", line["cost_usd"], bar
            )
        if lines:
            console.print(table)


async def show_recommendations(server: Server, asked: Mapping[str, Any], *, apply: int | None, as_json: bool) -> None:
    """Print what would cost less, numbered; `apply` puts one in force as the workspace's policy."""
    async with server.http() as http:
        found = (await ask(http, "GET", f"/api/costs/recommendations?{_query(asked)}"))["recommendations"]
        if apply is not None:
            if not 1 <= apply <= len(found):
                fail(f"There is no recommendation {apply}; there are {len(found)}.")
            made = await http.put("/api/policies", content=found[apply - 1]["policy"])
            if made.is_error:
                fail(made.json().get("detail", made.text))
            print(f"In force, as version {made.json()['version']}: {found[apply - 1]['title']}")
            return
    if as_json:
        print(json.dumps(found))
        return
    console = Console(highlight=False, markup=False)
    if not found:
        console.print("Nothing that was used in these days would cost less by a change of policy.")
    for number, one in enumerate(found, 1):
        console.print(f"{number}. {one['title']} Saves {one['saving_usd']} USD.")
        console.print("   " + ", ".join(f"{name.replace('_', ' ')}: {said}" for name, said in one["evidence"].items()))
        console.print("\n".join(f"   {line}" for line in one["diff"].splitlines()))


async def show_what_if(server: Server, asked: dict[str, Any], policy: str | None, *, as_json: bool) -> None:
    """Print what past turns cost, and what they would have."""
    if policy is not None:
        said = yaml.safe_load(sys.stdin.read() if policy == "-" else Path(policy).read_text(encoding="utf-8"))
        if not isinstance(said, dict):
            fail("A policy is a mapping of fields, as in `routing_rules: ...`.")
        asked = {**asked, "policy": said}
    async with server.http() as http:
        body = {name: value for name, value in asked.items() if value is not None}
        found = await ask(http, "POST", "/api/costs/what-if", body)
    if as_json:
        print(json.dumps(found))
        return
    console = Console(highlight=False)
    console.print(f"{found['turns']} turns from {found['from']} to {found['to']}, {found['moved']} by another model:")
    console.print(
        f"{found['cost_usd']} USD as it was, {found['what_if_usd']} USD then: {found['saving_usd']} USD less."
    )
    for why in ("refused", "unpriced"):
        if found[why]:
            console.print(f"{found[why]} {why}, which are in neither sum.")


def _query(asked: Mapping[str, Any]) -> str:
    return urlencode({name: value for name, value in asked.items() if value not in (None, [])}, doseq=True)


def _sums(line: Mapping[str, Any]) -> list[str]:
    return [f"{line['calls']:,}", f"{line['failed']:,}", f"{line['total_tokens']:,}", line["cost_usd"]]


def _bar(amount: Decimal, most: Decimal) -> str:
    return "█" * round(_WIDTH * amount / most) if most else ""


def _line(amounts: Sequence[Decimal]) -> str:
    most = max(amounts, default=Decimal(0))
    return "".join(_BLOCKS[round((len(_BLOCKS) - 1) * amount / most)] if most else " " for amount in amounts)
