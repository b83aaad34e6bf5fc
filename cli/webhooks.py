"""`perdure webhooks`: what the commands do."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.client import Server, ask


async def list_webhooks(server: Server, *, as_json: bool) -> None:
    """Print the workspace's webhooks."""
    async with server.http() as http:
        found = (await ask(http, "GET", "/api/webhooks"))["data"]
    if as_json:
        print(json.dumps(found))
        return
    table = Table("url", "events", "made", "ended", "id")
    for one in found:
        events = ", ".join(one["events"]) or "all"
        table.add_row(escape(one["url"]), events, one["created_at"], one["ended_because"] or "", one["id"])
    Console(highlight=False).print(table)


async def create_webhook(server: Server, url: str, events: Sequence[str], *, as_json: bool) -> None:
    """Make a webhook, and say its id."""
    async with server.http() as http:
        made = await ask(http, "POST", "/api/webhooks", {"url": url, "events": list(events)})
    print(
        json.dumps(made) if as_json else f"Webhook {made['id']} is told of {', '.join(made['events']) or 'all events'}."
    )


async def show_webhook(server: Server, webhook: str, *, as_json: bool) -> None:
    """Print a webhook and what it was told last."""
    async with server.http() as http:
        found = await ask(http, "GET", f"/api/webhooks/{webhook}")
    if as_json:
        print(json.dumps(found))
        return
    console = Console(highlight=False)
    console.print(escape(found["url"]), soft_wrap=True)
    if found["ended_at"]:
        console.print(f"ended at {found['ended_at']}: {escape(found['ended_because'])}", soft_wrap=True)
    for one in found["deliveries"]:
        console.print(_told(one), soft_wrap=True)


async def ping_webhook(server: Server, webhook: str) -> None:
    """Have a webhook told of a ping."""
    async with server.http() as http:
        said = await ask(http, "POST", f"/api/webhooks/{webhook}/ping")
    print(f"Event {said['event_id']} will be told; `perdure webhooks show {webhook}` says what came of it.")


async def delete_webhook(server: Server, webhook: str) -> None:
    """End a webhook."""
    async with server.http() as http:
        await ask(http, "DELETE", f"/api/webhooks/{webhook}")
    print(f"Webhook {webhook} has ended.")


def _told(one: dict[str, Any]) -> str:
    said = f"{one['created_at']}  {one['type']}  {one['state']}, tries: {one['tries']}"
    if one["error"]:
        said += f". {escape(one['error'])}"
    return said + (f" Again at {one['next_at']}." if one["state"] == "pending" and one["tries"] else "")
