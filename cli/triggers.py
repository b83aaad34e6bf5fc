"""`perdure schedules` and `perdure triggers`: what the commands do."""

import json
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.client import Server, ask


async def act(server: Server, method: str, path: str, body: Any, *, as_json: bool) -> None:
    """Do something to one, and print how it is then."""
    async with server.http() as http:
        found = await ask(http, method, f"/api/{path}", body)
    if as_json:
        print(json.dumps(found))
    elif found is None:
        print("Done.")
    elif "told" in found:
        print(f"{found['id']}: {found['told']}")
    else:
        _show(found)


async def list_all(server: Server, kind: str, *, as_json: bool) -> None:
    """Print the schedules, or the triggers."""
    async with server.http() as http:
        page = await ask(http, "GET", f"/api/{kind}?limit=200")
    if as_json:
        print(json.dumps(page))
        return
    table = Table("id", "name", "pipeline", "when", "last run", "last error")
    for one in page["data"]:
        last = one["last"]
        table.add_row(one["id"], one["name"], one["pipeline"], when(one), last["run"] or "", last["error"] or "")
    Console().print(table)


def when(one: dict[str, Any]) -> str:
    """What starts it, in words."""
    match one["kind"]:
        case "schedule":
            said = [*one["cron"], *([f"every {one['every']:g} s"] if one["every"] else [])]
            told = ", ".join(said) + (f" ({one['time_zone']})" if one["cron"] else "")
        case "webhook":
            told = f"deliveries to {one['url']}"
        case _:
            told = f"after {one['after']}: {', '.join(one['states'])}"
    return f"{told}, paused" if one["paused"] else told


def _show(one: dict[str, Any]) -> None:
    console = Console(highlight=False)
    console.print(f"[bold]{one['name']}[/bold] {one['id']}: runs {one['pipeline']}, {when(one)}")
    if one.get("secret"):
        console.print(f"Its secret, shown this once: {one['secret']}")
    for at in one.get("next", ()):
        console.print(f"next: {at}")
    if one["last"]["at"]:
        console.print(f"last: {one['last']['at']}, {one['last']['error'] or one['last']['run']}")
