"""The same house with its stream log in Redis' protocol, on a real Valkey."""

from pathlib import Path
from uuid import UUID

import pytest

from providers.simulator.control import Simulator
from tests.e2e.test_conversations import events
from tests.fixtures.house import running_house
from workers.compose import compose
from workers.embedded.temporal import EmbeddedTemporal

pytestmark = pytest.mark.real


async def test_a_failover_streams_through_redis_and_another_process_reads_it(
    postgres_dsn: str,
    redis_url: str,
    temporal_server: EmbeddedTemporal,
    simulator: Simulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulator.scenario({"cut_after": 6}, match={"model": "sim-fast"})
    async with running_house(
        postgres_dsn, temporal_server, simulator, tmp_path, monkeypatch, redis_url=redis_url
    ) as house:
        async with house.http() as http:
            body = {"model": "sim:sim-fast", "models": ["sim:sim-echo"], "content": "hello"}
            turn = (await http.post("/api/turns", json=body)).json()
            shown = await events(http, turn["id"])
        async with compose(house.house.settings, with_providers=False) as elsewhere:
            records = await elsewhere.streams.records(UUID(turn["id"]))
    names = [name for _, name, _ in shown]
    assert names.count("reset") == 2
    assert names[-1] == "end"
    assert [str(record.position) for record in records] == [position for position, _, _ in shown]
