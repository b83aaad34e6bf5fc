"""The workflows of batches, in the sandbox and with nothing cached: every step is a replay."""

import asyncio
import json

import pytest
from temporalio.client import Client

from tests.workflows.ai_steps import turns_of
from tests.workflows.batch_fakes import ScriptedBatch, run
from tests.workflows.fakes import until_cancelled

pytestmark = pytest.mark.real


async def test_every_part_is_submitted_looked_at_and_collected(temporal_client: Client) -> None:
    batch = ScriptedBatch(2, looks=3)
    history = await run(temporal_client, batch)
    assert batch.did[:2] == ["plan", "plan"]
    assert (batch.did.count("submit"), batch.did.count("collect")) == (2, 2)
    assert batch.did[-1] == "close"
    assert "end" not in batch.did
    assert len(json.loads(history)["events"]) < 60


async def test_what_a_vendor_did_not_take_is_asked_by_itself(temporal_client: Client) -> None:
    batch, turns = ScriptedBatch(1, items=30, refused=True), turns_of(30)
    await run(temporal_client, batch, turns, part=1)
    assert batch.did == ["submit"]
    assert len(turns.asked) == 30


async def test_a_cancelled_part_does_not_wait_for_its_timer(temporal_client: Client) -> None:
    batch = ScriptedBatch(1, looks=1000)
    await asyncio.wait_for(run(temporal_client, batch, part=1, cancel=True), 60)
    assert batch.did == ["submit", "look", "collect", "end"]


async def test_a_cancelled_batch_stops_the_turns_that_run(temporal_client: Client) -> None:
    batch, turns = ScriptedBatch(0, items=1), turns_of(1, until_cancelled)
    await asyncio.wait_for(run(temporal_client, batch, turns, part=0, cancel=True), 60)
    assert batch.did == ["end"]
