"""Limits that are set here: a turn waits for its share, is served once, and is told soon where it would wait too long."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pydantic import SecretStr

from providers.simulator.control import Simulator
from settings import CredentialSetting, FurtherProvider
from tests.faults.asking import WORDS, Caller, Told, ledger_of, put_policy
from tests.faults.cases import stanzas
from tests.fixtures.house import Running, running_house
from tests.fixtures.postgres import PostgresServer, create_database
from workers.embedded.temporal import EmbeddedTemporal

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

PER_SECOND = 60.0
RARELY = 0.5
SOON = 5.0


def _limited(simulator: Simulator, name: str, per_minute: float) -> FurtherProvider:
    credential = CredentialSetting(name="one", api_key=SecretStr(f"{name}-key"), requests_per_minute=per_minute)
    return FurtherProvider(name=name, wire="openai-chat", base_url=simulator.openai_url, credentials=[credential])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_house(
    postgres_server: PostgresServer,
    temporal_server: EmbeddedTemporal,
    module_simulator: Simulator,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Running]:
    """Beside the wires, a provider that may be asked once a second (`brisk`), and two every second minute."""
    providers = [
        *stanzas(module_simulator),
        _limited(module_simulator, "brisk", PER_SECOND),
        _limited(module_simulator, "bounded", PER_SECOND),
        _limited(module_simulator, "rare", RARELY),
        _limited(module_simulator, "rarer", RARELY),
        _limited(module_simulator, "strict", PER_SECOND),
    ]
    dsn, folder = await create_database(postgres_server), tmp_path_factory.mktemp("limits")
    with pytest.MonkeyPatch.context() as patch:
        async with running_house(dsn, temporal_server, module_simulator, folder, patch, providers=providers) as running:
            yield running


async def test_turns_wait_and_are_served_once(caller: Caller) -> None:
    model = caller.model("brisk")
    asked = await asyncio.gather(*(caller.ask("whole", [model], limits={"step": 30}) for _ in range(4)))
    assert [told.text for told in asked] == [WORDS] * 4
    for told in asked:
        turn = await caller.turn(told.turn_id)
        assert ledger_of(turn) == [(model, "completed", None)]
        assert turn["result"]["attempts"] == 1
    begun = [call["monotonic"] for call in caller.calls(model)]
    assert len(begun) == 4
    # One in hand, then one a second.
    assert begun[-1] - begun[0] >= 2.5
    assert all(after - before >= 0.5 for before, after in itertools.pairwise(begun[1:]))


async def test_waiting_is_no_attempt(module_house: Running, caller: Caller) -> None:
    """A policy's limit of attempts counts calls; the model fails once, after turns have waited for their share."""
    await put_policy(module_house, {"limits": {"attempts": 2}})
    well = caller.model("bounded")
    faulty = caller.model("bounded", {"error": {"kind": "overloaded"}}, times=1)
    ahead = [asyncio.create_task(caller.ask("whole", [well], limits={"step": 30})) for _ in range(4)]
    while not caller.calls(well):  # noqa: ASYNC110 - only its log tells
        await asyncio.sleep(0.01)
    told = await caller.ask("whole", [faulty], limits={"step": 30, "only_candidate": 3})
    await asyncio.gather(*ahead)
    await put_policy(module_house, {})
    assert (told.error, told.text) == (None, WORDS)
    assert ledger_of(await caller.turn(told.turn_id)) == [(faulty, "failed", "overloaded"), (faulty, "completed", None)]


async def test_a_wait_that_is_too_long_is_told_soon(caller: Caller) -> None:
    model = caller.model("rare")
    assert (await caller.ask("whole", [model])).text == WORDS
    began = time.monotonic()
    told = await caller.ask("whole", [model])
    assert time.monotonic() - began < SOON
    _limited_cleanly(told)
    assert ledger_of(await caller.turn(told.turn_id)) == []
    assert len(caller.calls(model)) == 1


async def test_another_model_goes_before_a_long_wait(caller: Caller) -> None:
    model, other = caller.model("rarer"), caller.model("claude")
    assert (await caller.ask("whole", [model, other])).text == WORDS
    told = await caller.ask("whole", [model, other])
    assert told.text == WORDS
    assert ledger_of(await caller.turn(told.turn_id)) == [(other, "completed", None)]
    assert len(caller.calls(model)) == 1


async def test_a_policy_lets_nobody_wait(module_house: Running, caller: Caller) -> None:
    await put_policy(module_house, {"switches": {"wait_for_limit": False}})
    model = caller.model("strict")
    asked = await asyncio.gather(*(caller.ask("whole", [model], limits={"step": 30}) for _ in range(3)))
    await put_policy(module_house, {})
    refused = [told for told in asked if told.error]
    assert len(refused) == 2
    for told in refused:
        _limited_cleanly(told)
    assert len(caller.calls(model)) == 1


def _limited_cleanly(told: Told) -> None:
    assert (told.error, told.status, told.text) == ("rate_limited", 429, "")
    assert "-key" not in told.message
