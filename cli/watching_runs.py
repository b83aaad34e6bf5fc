"""`perdure run watch`: a run as the terminal follows it."""

import asyncio
import json
from typing import Any

import httpx2
import typer
from rich.console import Console

from cli.client import Server, exit_of, explain
from cli.events import read_events
from cli.exits import Exit, fail

_LOST = 1.0
"""Seconds before a lost connection is made again."""
_PATIENCE = 30


async def watch_run(server: Server, run_id: str, *, as_json: bool) -> None:
    """Follow to the end, whatever becomes of the connection. Ends with 1 where the run does not end well."""
    console = Console(highlight=False)
    position, lost = "", 0
    while True:
        headers = {"Last-Event-ID": position} if position else {}
        try:
            async with (
                server.http(httpx2.Timeout(30, read=60)) as http,
                http.stream("GET", f"/api/runs/{run_id}/events?tokens=false", headers=headers) as answer,
            ):
                if answer.status_code == httpx2.codes.NO_CONTENT:
                    return
                if answer.is_error:
                    await answer.aread()
                    fail(explain(answer), exit_of(answer))
                async for name, data, at in read_events(answer):
                    position, lost = at or position, 0
                    if as_json:
                        print(json.dumps({"event": name, **data}), flush=True)
                    else:
                        _print(console, name, data)
                    if name == "end":
                        if data["state"] != "completed":
                            raise typer.Exit(int(Exit.FAILED))
                        return
        except httpx2.TransportError:
            lost += 1
            if lost > _PATIENCE:
                fail(f"{server.url} cannot be reached. The run goes on without us.", Exit.UNREACHABLE)
            await asyncio.sleep(_LOST)


def _print(console: Console, name: str, data: dict[str, Any]) -> None:
    match name:
        case "step":
            error = f": {data['error']['message']}" if data.get("error") else ""
            waits = f" for {data['awaits']}" if data.get("awaits") else ""
            again = f" (attempt {data['attempt']})" if data["attempt"] > 1 else ""
            console.print(f"{data['at'][11:19]}  {data['key']}  {data['state']}{waits}{again}{error}", markup=False)
        case "act":
            console.print(f"{data['at'][11:19]}  {data['action']} by {data.get('by', 'a fork')}", markup=False)
        case "run":
            error = f": {data['error']['message']}" if data.get("error") else ""
            console.print(f"{data['at'][11:19]}  run {data['state']}{error}", markup=False)
        case _:
            return
