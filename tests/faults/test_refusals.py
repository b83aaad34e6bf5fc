"""Content that a provider declines: returned as what it is, or routed on where the policy says so."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.asking import MODES, WORDS, Caller, Mode, at_once, ledger_of, put_policy
from tests.faults.cases import LIMITS, SIBLING, WIRES
from tests.fixtures.house import Running

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

DECLINED = {"refuse": True}
BY_ERROR = {"error": {"kind": "content_refused"}}
FILTERED = {"chat": "content_filter", "responses": "content_filter", "claude": "refusal", "gemini": "SAFETY"}
"""How each wire ends an answer that its filter stopped, in its own words."""
EVERYWHERE = [(wire, mode) for wire in WIRES for mode in MODES]


@pytest_asyncio.fixture(loop_scope="module")
async def routing_on(patient_house: Running) -> AsyncIterator[None]:
    """A policy by which another model is asked."""
    await put_policy(patient_house, {"switches": {"fallback_on_refusal": True}})
    yield
    await put_policy(patient_house, {})


async def test_without_the_policy_it_is_returned_as_what_it_is(caller: Caller) -> None:
    async def check(wire: str, mode: Mode) -> None:
        declining, well = caller.model(wire, DECLINED), caller.model(SIBLING[wire])
        told = await caller.ask(mode, [declining, well], limits=LIMITS)
        assert told.error is None
        # OpenAI's chat says so in its answer, the others in their finish reason.
        assert told.refusal or told.finish == "content_filter"
        assert ledger_of(await caller.turn(told.turn_id)) == [(declining, "completed", None)]
        assert caller.calls(well) == []

    await at_once(*((f"{wire}, {mode}", check(wire, mode)) for wire, mode in EVERYWHERE))


@pytest.mark.parametrize("how", ["answer", "error", "filter"])
async def test_with_the_policy_another_model_answers(routing_on: None, caller: Caller, how: str) -> None:
    async def check(wire: str, mode: Mode) -> None:
        filtered = {"finish_reason": FILTERED[wire], "tokens": 0, "text": ""}
        behaviour = {"answer": DECLINED, "error": BY_ERROR, "filter": filtered}[how]
        declining, well = caller.model(wire, behaviour), caller.model(SIBLING[wire])
        told = await caller.ask(mode, [declining, well], limits=LIMITS)
        assert (told.error, told.text, told.finish, told.refusal) == (None, WORDS, "stop", "")
        assert ledger_of(await caller.turn(told.turn_id)) == [
            (declining, "failed", "content_refused"),
            (well, "completed", None),
        ]
        assert (len(caller.calls(declining)), len(caller.calls(well))) == (1, 1)

    cases = EVERYWHERE if how != "answer" else [(wire, "whole") for wire in WIRES]
    await at_once(*((f"{wire}, {mode}", check(wire, mode)) for wire, mode in cases))


async def test_the_last_one_declines_as_what_it_is(routing_on: None, caller: Caller) -> None:
    first, last = caller.model("chat", BY_ERROR), caller.model("claude", DECLINED)
    told = await caller.ask("whole", [first, last], limits=LIMITS)
    assert (told.error, told.finish) == (None, "content_filter")
    assert ledger_of(await caller.turn(told.turn_id)) == [
        (first, "failed", "content_refused"),
        (last, "completed", None),
    ]
