"""AI steps whose worker is killed: one answer, and one result told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.kill.processes import PATIENCE, Processes
from tests.steps.asking import CALLBACK_SECRET
from tests.tools.loopback import Asked, Said, Server, serving

pytestmark = [pytest.mark.real, pytest.mark.kill, pytest.mark.long, pytest.mark.timeout(300)]

SLOW = "sim:sim-tokens-40-rate-20"


@asynccontextmanager
async def receiving(processes: Processes, taking: asyncio.Event) -> AsyncIterator[Server]:
    """The caller's own server, which takes results once it is said to; with an API and a first worker."""

    def answer(_: Asked) -> Said:
        return Said(204 if taking.is_set() else 503)

    processes.environment |= {
        "PERDURE_CALLBACK_SECRET": CALLBACK_SECRET,
        "PERDURE_CALLBACK_NETWORKS": '["127.0.0.0/8"]',
    }
    processes.start("api", "api", "--migrate")
    await processes.until_ready()
    processes.start("first", "worker")
    async with serving(answer) as server:
        yield server


async def begun(processes: Processes, url: str, model: str) -> str:
    body = {"prompt": "Say something.", "model": model, "callback_url": url, "idempotency_key": "order-17"}
    async with processes.http() as http:
        return str((await http.post("/api/steps", json=body)).raise_for_status().json()["id"])


async def until(processes: Processes, step_id: str, state: str) -> dict[str, Any]:
    """The step once its callback is in that state, and was tried."""
    async with asyncio.timeout(PATIENCE), processes.http() as http:
        while True:
            step: dict[str, Any] = (await http.get(f"/api/steps/{step_id}")).raise_for_status().json()
            if step["callback"]["tries"] and step["callback"]["state"] == state:
                return step
            await asyncio.sleep(0.05)


async def test_a_worker_dies_while_a_step_is_answered(processes: Processes) -> None:
    taking = asyncio.Event()
    taking.set()
    async with receiving(processes, taking) as server:
        step_id = await begun(processes, server.url, SLOW)
        async with asyncio.timeout(PATIENCE):
            while not processes.simulator.calls():  # noqa: ASYNC110  the simulator tells nobody
                await asyncio.sleep(0.05)
        processes.kill("first")
        processes.start("second", "worker")
        step = await until(processes, step_id, "delivered")
        assert (step["state"], step["attempts"]) == ("completed", 1)
        (told,) = server.asked
        assert json.loads(told.body)["data"]["content"] == step["content"]
        # The same key is the same step.
        assert await begun(processes, server.url, SLOW) == step_id
    await processes.at_rest()
    completed = [one for one in processes.simulator.calls() if one["outcome"] == "completed"]
    assert len(completed) == 1


async def test_a_worker_dies_between_the_answer_and_the_callback(processes: Processes) -> None:
    taking = asyncio.Event()
    async with receiving(processes, taking) as server:
        step_id = await begun(processes, server.url, "sim:sim-fast")
        shown = await until(processes, step_id, "pending")
        assert (shown["state"], shown["callback"]["error"]) == ("completed", "The address answered HTTP 503.")
        processes.kill("first")
        refused = len(server.asked)
        taking.set()
        processes.start("second", "worker")
        step = await until(processes, step_id, "delivered")
        # Once more, since somebody lost it: the same message.
        async with processes.http() as http:
            sent = await http.post(f"/api/steps/{step_id}/callback")
        assert sent.status_code == 202, sent.text
        async with asyncio.timeout(PATIENCE):
            while len(server.asked) < refused + 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        again = await until(processes, step_id, "delivered")
        taken = server.asked[refused:]
    assert len(taken) == 2
    assert {one.headers["webhook-id"] for one in server.asked} == {f"step_{step_id}"}
    assert again["callback"]["tries"] == step["callback"]["tries"] + 1
    await processes.at_rest()
    assert len(processes.simulator.calls()) == 1
