"""`perdure models list|show|refresh`, against a running house with a model server of its own."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cli.exits import Exit
from providers.simulator.control import Simulator
from settings import FurtherProvider
from tests.cli.test_commands import perdure, reaching
from tests.discovery.serving import Served, serving
from tests.fixtures.house import Running, running_house
from workers.embedded.temporal import EmbeddedTemporal

pytestmark = pytest.mark.real

answers: dict[str, Any] = {}


@pytest.fixture
async def server() -> AsyncIterator[Served]:
    answers["/v1/models"] = {"data": [{"id": "house-one", "context_length": 9_000}, {"id": "house-two"}]}
    async with serving(answers) as served:
        yield served


@pytest.fixture
async def house(
    postgres_dsn: str,
    temporal_server: EmbeddedTemporal,
    simulator: Simulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: Served,
) -> AsyncIterator[Running]:
    """A house with a model server on this machine, and with xAI under another name, which the simulator plays."""
    own = FurtherProvider(name="house", base_url=f"{server.url}/v1")
    grok = FurtherProvider(name="our-grok", vendor="xai", base_url=f"{simulator.url}/openai/v1", api_key=SecretStr("k"))
    async with running_house(
        postgres_dsn, temporal_server, simulator, tmp_path, monkeypatch, providers=[own, grok]
    ) as running:
        yield running


async def listed(house: Running, *words: str) -> list[dict[str, Any]]:
    code, out, told = await perdure("models", "list", *words, "--json", **reaching(house))
    assert code == Exit.OK, told
    found: list[dict[str, Any]] = json.loads(out)
    return found


async def test_models_are_listed_shown_and_found_by_whoever_asks(house: Running) -> None:
    code, out, told = await perdure("models", "refresh", "--provider", "house", **reaching(house))
    assert (code, "house" in out) == (Exit.OK, True), told
    assert {one["model"]: one["window"] for one in await listed(house, "--provider", "house")} == {
        "house-one": 9_000,
        "house-two": None,
    }
    answers["/v1/models"] = {"data": [{"id": "house-three"}]}
    code, raw, told = await perdure("models", "refresh", "--provider", "house", "--json", **reaching(house))
    assert code == Exit.OK, told
    assert json.loads(raw)[0]["discovery"]["listed"] == 1

    groks = await listed(house, "grok", "--provider", "our-grok", "--max-price", "6", "--capability", "tools")
    assert "our-grok:grok-3" in [one["id"] for one in groks]
    assert all(float(one["prices"]["blended"]) <= 6 for one in groks)
    code, out, _ = await perdure("models", "list", "--provider", "house", "--all", **reaching(house))
    assert (code, "prices in USD per million tokens" in out) == (Exit.OK, True)

    code, out, _ = await perdure("models", "show", "our-grok:grok-3", **reaching(house))
    assert (code, "blended 6" in out, "grok" in out) == (Exit.OK, True, True)
    code, raw, _ = await perdure("models", "show", "sim:sim-fast", "--json", **reaching(house))
    assert json.loads(raw)["simulated"] is True


async def test_mistakes_are_told(house: Running) -> None:
    code, _, told = await perdure("models", "show", "sim:sim-fsat", **reaching(house))
    # The simulator takes any name that begins as its own do.
    assert (code, told) == (Exit.OK, "")
    code, _, told = await perdure("models", "show", "grok-33", **reaching(house))
    assert (code, "our-grok:grok-3" in told) == (Exit.NOT_FOUND, True)
    code, _, told = await perdure("models", "list", "--provider", "nobody", **reaching(house))
    assert (code, "Configured: house, our-grok, sim" in told) == (Exit.FAILED, True)
    code, _, told = await perdure("models", "list", "--capability", "telepathy", **reaching(house))
    assert (code, "capability" in told) == (Exit.FAILED, True)


async def test_those_that_can_be_asked_now(house: Running) -> None:
    everything, now = await listed(house, "--provider", "sim"), await listed(house, "--provider", "sim", "--available")
    assert [one["id"] for one in now] == [one["id"] for one in everything]


async def test_a_turn_at_a_renamed_provider_costs_what_its_list_says(house: Running) -> None:
    async with house.http() as http:
        turn = (await http.post("/api/turns?wait=30", json={"model": "our-grok:grok-3", "content": "hello"})).json()
        told = (await http.get(f"/api/turns/{turn['id']}")).json()
    assert turn["state"] == "completed", turn
    (attempt,) = told["attempts"]
    usage = attempt["usage"]
    assert (attempt["priced"], attempt["served_model"]) == (True, "grok-3")
    # xAI's list: 3 USD for a million tokens in, 15 out.
    spent = Decimal(usage["input_uncached"] * 3 + usage["output"] * 15) / 1_000_000
    assert Decimal(attempt["cost_usd"]) == spent > 0
