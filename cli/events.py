"""A turn's events as the terminal follows them."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import httpx2


@dataclass(slots=True)
class Shown:
    """The answer as the terminal holds it: text by part, and where in the stream it is."""

    position: str = ""
    texts: dict[int, str] = field(default_factory=dict)
    end: dict[str, Any] | None = None

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.texts[index] for index in sorted(self.texts))

    def apply(self, name: str, data: dict[str, Any], position: str) -> None:
        """Follow one event."""
        self.position = position
        match name:
            case "reset":
                self.texts.clear()
            case "continue":
                self.texts = {0: self.text[: data["keep_chars"]]}
            case "text":
                index = data["index"]
                self.texts[index] = self.texts.get(index, "") + data["text"]
            case "part" if data["part"]["type"] == "text":
                self.texts[data["index"]] = data["part"]["text"]
            case "end":
                self.end = data
            case _:
                return


async def read_events(answer: httpx2.Response) -> AsyncGenerator[tuple[str, dict[str, Any], str], None]:
    """(name, data, id) of each server-sent event."""
    name, data, position = "", "", ""
    async for line in answer.aiter_lines():
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            data = line[6:]
        elif line.startswith("id: "):
            position = line[4:]
        elif not line and data:
            yield name, json.loads(data), position
            name, data = "", ""
