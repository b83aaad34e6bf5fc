"""`perdure budgets`: what the commands do."""

import json
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.client import Server, ask

_WIDTH = 20
_COLOURS = {"none": "green", "notice": "green", "warning": "yellow", "critical": "red", "exceeded": "red"}


async def list_budgets(server: Server, *, as_json: bool) -> None:
    """Print every budget with a bar of what is spent."""
    async with server.http() as http:
        found = (await ask(http, "GET", "/api/budgets"))["data"]
    if as_json:
        print(json.dumps(found))
        return
    table = Table("budget", "for", "limit", "spent", "reserved", "", "renews", "id")
    for one in found:
        status = one.get("status")
        spent, reserved = (status["spent"], status["reserved"]) if status else ("", "")
        table.add_row(
            one["name"],
            f"{one['scope']} {one['value']}".strip(),
            _limit(one),
            spent,
            reserved,
            _bar(status) if status else "each by itself",
            (status and status["renews_at"]) or "",
            one["id"],
        )
    Console(highlight=False).print(table)


async def set_budget(server: Server, body: dict[str, Any], *, as_json: bool) -> None:
    """Set a budget, and say its id."""
    async with server.http() as http:
        made = await ask(http, "POST", "/api/budgets", body)
    print(json.dumps(made) if as_json else f"Budget {made['id']} is set: {_limit(made)}.")


async def show_status(server: Server, budget: str, *, as_json: bool) -> None:
    """Print where a budget stands."""
    async with server.http() as http:
        found = await ask(http, "GET", f"/api/budgets/{budget}/status")
    if as_json:
        print(json.dumps(found))
        return
    console = Console(highlight=False)
    console.print(f"{found['budget']['name']}: {_limit(found['budget'])}")
    for one in found.get("subjects", [found]):
        who = f"{one['subject']}: " if one["subject"] else ""
        said = f"{who}{_bar(one)} {one['spent']} spent, {one['reserved']} reserved, {one['available']} available"
        if one["projected"] is not None:
            said += f"; {one['projected']} expected at the end, {one['projected_overage']} too much"
        console.print(said + (f"; renews at {one['renews_at']}" if one["renews_at"] else ""))
    for event in found["events"]:
        what = f"{event['threshold']} % reached" if event["kind"] == "threshold" else "refused a call"
        console.print(f"{event['at']}  {what}" + (f" for {event['subject']}" if event["subject"] else ""))
    for turn in found["waiting"]:
        console.print(f"Turn {turn['turn_id']} waits for {turn['wanted']} since {turn['since']}.")


async def change_limit(server: Server, budget: str, limit: str, *, as_json: bool) -> None:
    """Say another limit."""
    async with server.http() as http:
        changed = await ask(http, "PATCH", f"/api/budgets/{budget}", {"limit": limit})
    print(json.dumps(changed) if as_json else f"The limit is now {_limit(changed)}.")


async def approve_turn(server: Server, turn: str, *, as_json: bool) -> None:
    """Let a waiting turn go on."""
    async with server.http() as http:
        found = await ask(http, "POST", f"/api/turns/{turn}/approve-budget")
    told = f"Turn {turn} goes on; budget {found['budget_id']} has {found['raised_by']} more in this window."
    print(json.dumps(found) if as_json else told)


async def delete_budget(server: Server, budget: str) -> None:
    """End a budget."""
    async with server.http() as http:
        await ask(http, "DELETE", f"/api/budgets/{budget}")
    print(f"Budget {budget} has ended.")


def _limit(one: dict[str, Any]) -> str:
    amount = f"${one['limit']}" if one["unit"] == "usd" else f"{one['limit']} {one['unit']}"
    when = "in total" if one["period"] == "total" else f"{'any' if one['rolling'] else 'a'} {one['period']}"
    return f"{amount} {when}{'' if one['hard'] else ', soft'}"


def _bar(status: dict[str, Any]) -> str:
    share = min(1.0, status["percentage_used"] / 100)
    full = round(share * _WIDTH)
    colour = _COLOURS[status["alert_level"]]
    return f"[{colour}]{'█' * full}{'░' * (_WIDTH - full)}[/{colour}] {status['percentage_used']:g} %"
