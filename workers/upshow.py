"""What `perdure up` shows: for people, or one line of JSON for each thing that happens."""

import dataclasses
import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from rich.console import Console


@dataclass(frozen=True, slots=True)
class Announcement:
    """Where everything is. `pids` are the children's.

    `simulated`: no real model answers, but the one at `simulator_url`. `ui` None: Temporal is elsewhere.
    """

    url: str
    docs: str
    ui: str | None
    key: str
    simulated: bool
    simulator_url: str | None
    temporal_address: str
    folder: str
    model: str
    pids: dict[str, int]


class Screen:
    """The terminal, or with `as_json` the machine that reads us: events `note`, `ready` and `stopped`."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console(highlight=False)

    def say(self, text: str) -> None:
        """Something that a person may want to know."""
        if self._as_json:
            _print({"event": "note", "text": text})
        else:
            self._console.print(text, style="yellow", markup=False)

    def waiting(self, text: str) -> AbstractContextManager[object]:
        """Show that something goes on, while the block runs."""
        return nullcontext() if self._as_json or not self._console.is_terminal else self._console.status(text)

    def stopped(self) -> None:
        """Everything has ended in good order."""
        if self._as_json:
            _print({"event": "stopped"})
        else:
            self._console.print("Everything is stopped.")

    def announce(self, house: Announcement, seconds: float) -> None:
        """The house is ready; how to use it."""
        if self._as_json:
            _print({"event": "ready", "seconds": round(seconds, 2), **dataclasses.asdict(house)})
            return
        rows = [("API", house.url), ("Docs", house.docs)]
        if house.ui:
            rows.append(("Temporal UI", house.ui))
        else:
            rows.append(("Temporal", house.temporal_address))
        rows += [("Key", house.key), ("Data", house.folder), ("Logs", f"{house.folder}/serve.log")]
        self._console.print(f"\n[bold]Perdure is up[/bold] ({seconds:.1f} s)\n")
        for name, value in rows:
            self._console.print(f"  {name:<12} {value}", markup=False, soft_wrap=True)
        if house.simulated:
            self._console.print("\n  No provider key is set: the simulator answers, and every answer says so.")
        self._console.print(f"\nTry it:\n\n{curl(house)}\n", markup=False, soft_wrap=True)
        self._console.print("Ctrl-C stops everything; what was said stays.")


def curl(house: Announcement) -> str:
    """A command that asks the house something."""
    body = json.dumps({"model": house.model, "messages": [{"role": "user", "content": "Hello"}]})
    return (
        f"curl {house.url}/v1/chat/completions \\\n"
        f'  -H "Authorization: Bearer {house.key}" \\\n'
        f'  -H "Content-Type: application/json" \\\n'
        f"  -d '{body}'"
    )


def _print(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201 - the command's output
