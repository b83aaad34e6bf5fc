"""Sending batches and waiting for them."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any, Protocol

import httpx2

from providers.simulator.control import Simulator
from tests.fixtures.house import Running

SECONDS = 60


def turn(custom_id: str, model: str, content: str, **more: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "turn": {"model": model, "content": content, **more}}


async def send(
    http: httpx2.AsyncClient, lines: Iterable[dict[str, Any]], *, key: str | None = None, **params: str
) -> httpx2.Response:
    headers = {"Content-Type": "application/x-ndjson", **({"Idempotency-Key": key} if key else {})}
    content = "\n".join(json.dumps(line) for line in lines).encode()
    return await http.post("/api/batches", content=content, headers=headers, params=params)


async def ended(http: httpx2.AsyncClient, batch_id: str, seconds: float = SECONDS) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        while True:
            batch: dict[str, Any] = (await http.get(f"/api/batches/{batch_id}")).json()
            if batch["finished_at"] is not None:
                return batch
            await asyncio.sleep(0.1)


async def until_part(http: httpx2.AsyncClient, batch_id: str, state: str) -> dict[str, Any]:
    async with asyncio.timeout(SECONDS):
        while True:
            batch: dict[str, Any] = (await http.get(f"/api/batches/{batch_id}")).json()
            if any(part["state"] == state for part in batch["parts"]):
                return batch
            await asyncio.sleep(0.05)


async def results(http: httpx2.AsyncClient, batch_id: str) -> dict[str, dict[str, Any]]:
    answer = await http.get(f"/api/batches/{batch_id}/results")
    assert answer.status_code == 200
    lines = [json.loads(line) for line in answer.text.splitlines()]
    return {line["custom_id"]: line for line in lines}


async def done(
    house: Running, lines: Iterable[dict[str, Any]], **given: Any
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Send a batch and wait for its end; the batch and its results by custom id."""
    async with house.http() as http:
        sent = await send(http, lines, **given)
        assert sent.status_code == 202, sent.text
        batch = await ended(http, sent.json()["id"])
        return batch, await results(http, batch["id"])


class Simulated(Protocol):
    """Whatever has a simulator for its vendors."""

    @property
    def simulator(self) -> Simulator: ...


def created(house: Simulated) -> int:
    """How many batches the vendors were given."""
    return sum(call["endpoint"] == "batches" for call in house.simulator.calls())


def answers(house: Simulated) -> list[dict[str, Any]]:
    """The calls that are billed, in batches or not."""
    return [call for call in house.simulator.calls() if call["billable"]]
