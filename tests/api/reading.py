"""Reading server-sent events."""

import json
from typing import Any, NamedTuple
from uuid import UUID

import httpx2


class Event(NamedTuple):
    """An event as a client sees it; `data` is None for OpenAI's `[DONE]`."""

    id: str
    name: str
    data: Any


async def read_events(answer: httpx2.Response) -> list[Event]:
    """All events to the end of the answer."""
    return [event async for event in events(answer)]


async def events(answer: httpx2.Response) -> Any:
    """The events as they come."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            if "data" in fields:
                said = None if fields["data"] == "[DONE]" else json.loads(fields["data"])
                yield Event(fields.get("id", ""), fields.get("event", ""), said)
            fields = {}


async def stream(http: httpx2.AsyncClient, turn_id: UUID | str, after: str | None = None) -> list[Event]:
    """A turn's events after a position."""
    headers = {"Last-Event-ID": after} if after else {}
    async with http.stream("GET", f"/api/turns/{turn_id}/events", headers=headers) as answer:
        assert answer.status_code == httpx2.codes.OK, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        return await read_events(answer)


async def ask(http: httpx2.AsyncClient, **fields: Any) -> UUID:
    """A new turn without a conversation."""
    answer = await http.post("/api/turns", json={"model": "sim:sim-fast", "content": "Hi", **fields})
    assert answer.status_code == httpx2.codes.ACCEPTED, answer.text
    return UUID(answer.json()["id"])
