"""What does not fit: a larger window, or less of the conversation; and how many calls a policy allows at all."""

from typing import Any

import pytest

from tests.faults.asking import WORDS, Caller, at_once, ledger_of, put_policy
from tests.faults.cases import LIMITS, SIBLING, WIRES
from tests.fixtures.house import Running

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

OVERFLOW = {"error": {"kind": "context_overflow"}}


async def test_the_larger_window_is_asked(module_house: Running, caller: Caller) -> None:
    """Of two that follow, the one whose window is known to be no larger is passed over."""
    small, same, large = caller.model("chat", OVERFLOW), caller.model("claude", OVERFLOW), caller.model("gemini")
    windows = {small: 8_000, same: 8_000, large: 64_000}
    await put_policy(module_house, {"models": {name: {"window": window} for name, window in windows.items()}})
    told = await caller.ask("whole", [small, same, large], limits=LIMITS)
    assert (told.error, told.text) == (None, WORDS)
    assert ledger_of(await caller.turn(told.turn_id)) == [
        (small, "failed", "context_overflow"),
        (large, "completed", None),
    ]
    assert caller.calls(same) == []
    await put_policy(module_house, {})


async def test_a_conversation_is_squeezed_where_no_larger_window_is(caller: Caller) -> None:
    """The model counts more tokens than anybody told: the oldest exchanges are left out, and the answer says so."""

    async def check(wire: str) -> None:
        model = caller.model(wire, {"context_window": 400})
        made = await caller.http.post("/api/conversations", json={"models": [model]})
        path = f"/api/conversations/{made.raise_for_status().json()['id']}/turns?wait=30"
        turn: dict[str, Any] = {}
        for number in range(5):
            said = {"content": f"Number {number}. " + "This is a long question. " * 20, "limits": LIMITS}
            turn = (await caller.http.post(path, json=said)).raise_for_status().json()
            assert turn["state"] == "completed", turn["result"]
        assert "oldest messages" in " ".join(turn["result"]["dropped"])
        whole = await caller.turn(turn["id"])
        assert ledger_of(whole) == [(model, "failed", "context_overflow"), (model, "completed", None)]

    await at_once(*((wire, check(wire)) for wire in WIRES))


async def test_one_question_that_is_too_long_is_told(caller: Caller) -> None:
    async def check(wire: str) -> None:
        first, second = caller.model(wire, {"context_window": 20}), caller.model(SIBLING[wire], {"context_window": 20})
        told = await caller.ask("whole", [first, second], "A long question. " * 20, limits=LIMITS)
        assert (told.error, told.status) == ("context_overflow", 400)
        assert [len(caller.calls(model)) for model in (first, second)] == [1, 1]

    await at_once(*((wire, check(wire)) for wire in WIRES))


@pytest.mark.parametrize("allowed", [1, 3])
async def test_a_policy_bounds_the_calls_of_a_step(module_house: Running, caller: Caller, allowed: int) -> None:
    await put_policy(module_house, {"limits": {"attempts": allowed}})
    models = [caller.model(wire, {"error": {"kind": "overloaded"}}) for wire in WIRES]
    told = await caller.ask("whole", models, limits=LIMITS)
    await put_policy(module_house, {})
    assert told.error == "overloaded"
    assert sum(len(caller.calls(model)) for model in models) == allowed
    assert len(ledger_of(await caller.turn(told.turn_id))) == allowed
