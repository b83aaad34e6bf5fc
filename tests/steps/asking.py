"""What the tests of steps ask."""

import json
from typing import Any

import httpx2

CALLBACK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwTestOnly"

ENDPOINT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "pattern": "^/"},
        "method": {"type": "string", "enum": ["GET", "POST"]},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["path", "method"],
    "additionalProperties": False,
}
GOOD = {"path": "/orders", "method": "GET", "tags": ["orders"]}


async def events_of(http: httpx2.AsyncClient, method: str, path: str, **request: Any) -> list[tuple[str, Any]]:
    """The events of a stream, to its end."""
    found: list[tuple[str, Any]] = []
    name = ""
    async with http.stream(method, path, **request) as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            match line.partition(": "):
                case ("event", _, value):
                    name = value
                case ("data", _, value):
                    found.append((name, json.loads(value)))
                case _:
                    continue
    return found
