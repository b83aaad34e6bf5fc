"""What `perdure up` says when the house is ready."""

import dataclasses
import json
from dataclasses import dataclass

from rich.console import Console


@dataclass(frozen=True, slots=True)
class Announcement:
    """Where everything is. `simulator_url` is set where no real model answers; `pids` are the children's."""

    url: str
    ui: str | None
    key: str
    simulator_url: str | None
    temporal_address: str
    folder: str
    model: str
    notes: tuple[str, ...]
    pids: dict[str, int]


def announce(house: Announcement, seconds: float, console: Console, *, as_json: bool) -> None:
    """Print it, for people or as one line of JSON."""
    if as_json:
        line = {"event": "ready", "seconds": round(seconds, 2), **dataclasses.asdict(house)}
        print(json.dumps(line), flush=True)  # noqa: T201 - the command's output
        return
    for note in house.notes:
        console.print(f"[yellow]{note}[/yellow]")
    console.print(f"\n[bold]Perdure is up[/bold] ({seconds:.1f} s)\n")
    console.print(f"  API          {house.url}")
    console.print(f"  Docs         {house.url}/docs")
    if house.ui:
        console.print(f"  Temporal UI  {house.ui}")
    console.print(f"  Key          {house.key}")
    console.print(f"  Data         {house.folder}")
    if house.simulator_url:
        console.print("\n  No provider key is set: the simulator answers, and every answer says so.")
    console.print(
        f"""
Try it:

curl {house.url}/v1/chat/completions \\
  -H "Authorization: Bearer {house.key}" \\
  -H "Content-Type: application/json" \\
  -d '{{"model": "{house.model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'

Ctrl-C stops everything; what was said stays.""",
        soft_wrap=True,
    )
