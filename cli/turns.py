"""`perdure turn`."""

import json
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.client import Server, ask


async def show_turn(server: Server, turn_id: str, *, as_json: bool) -> None:
    """Explain a turn."""
    async with server.http() as http:
        turn = await ask(http, "GET", f"/api/turns/{turn_id}")
    console = Console(highlight=False)
    if as_json:
        print(json.dumps(turn))
        return
    console.print(f"[bold]Turn {turn['id']}[/bold]: {turn['state']}")
    result = turn.get("result") or {}
    if result.get("error_message"):
        console.print(f"[red]{result['error_kind']}[/red]: {result['error_message']}")
    for candidate in (turn.get("plan") or {}).get("candidates", []):
        model = candidate["model"]
        console.print(f"  plan {candidate['index']}: {model['provider']}:{model['model']} ({candidate['reason']})")
    console.print(_attempts(turn.get("attempts", [])))
    for entry in turn.get("audit", []):
        console.print(f"  {entry['at']}  {entry['action']} by {entry['actor']} {entry['detail'] or ''}")
    if turn.get("message"):
        text = "".join(part.get("text", "") for part in turn["message"]["parts"])
        console.print(f"\n{text}", markup=False)


async def cancel_turn(server: Server, turn_id: str, *, as_json: bool) -> None:
    """Stop a turn."""
    async with server.http() as http:
        answer = await ask(http, "POST", f"/api/turns/{turn_id}/cancel")
    if as_json:
        print(json.dumps(answer))
    elif answer["cancel_requested"]:
        print(f"Turn {turn_id} is told to stop.")
    else:
        print(f"Turn {turn_id} had ended already: {answer['state']}.")


def _attempts(rows: list[dict[str, Any]]) -> Table:
    table = Table("attempt", "model", "state", "tokens in", "tokens out", "cost USD", "first token")
    for row in rows:
        usage = row["usage"]
        taken = usage["input_uncached"] + usage["cache_read"] + usage["cache_write"]
        kind = f" ({row['error_kind']})" if row["error_kind"] else ""
        mark = "~" if usage["estimated"] else ""
        first = f"{row['first_token_ms']} ms" if row["first_token_ms"] is not None else ""
        cells = [str(row["attempt"]), row["model"], row["state"] + kind, f"{mark}{taken}", f"{mark}{usage['output']}"]
        table.add_row(*cells, row["cost_usd"] if row["priced"] else "unknown", first)
    return table
