"""Every fault, on every wire, streaming and not: the caller gets a whole answer or a clean error, and nobody is hammered."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from contracts.errors import RULES, ErrorKind
from tests.faults.asking import MODES, WORDS, Caller, Mode, Told, at_once, ledger_of
from tests.faults.cases import FAULTS, LIMITS, SIBLING, WIRES, Fault
from tests.fixtures.house import Running

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

every_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
Check = Callable[[Caller, str, Fault, Mode], Coroutine[Any, Any, None]]


@every_fault
async def test_another_model_answers(patient_house: Running, caller: Caller, fault: Fault) -> None:
    await _everywhere(_with_sibling, caller, fault)


@every_fault
async def test_nobody_else_is_there(patient_house: Running, caller: Caller, fault: Fault) -> None:
    await _everywhere(_alone, caller, fault)


async def _everywhere(check: Check, caller: Caller, fault: Fault) -> None:
    """On every wire, streaming and not; afterwards each provider serves the next request at the first call."""
    cases = [(wire, mode) for wire in WIRES for mode in MODES]
    if fault.spreads:
        for wire, mode in cases:
            await check(caller, wire, fault, mode)
            await _alive(caller, wire)
            await caller.close_breakers()
        return
    await at_once(*((f"{wire}, {mode}", check(caller, wire, fault, mode)) for wire, mode in cases))
    if check is _alone:
        await at_once(*((f"{wire}, afterwards", _alive(caller, wire)) for wire in WIRES))


async def _with_sibling(caller: Caller, wire: str, fault: Fault, mode: Mode) -> None:
    faulty, well = caller.model(wire, fault.behaviour), caller.model(SIBLING[wire])
    told = await caller.ask(mode, [faulty, well], limits={**LIMITS, **fault.limits})
    turn = await caller.turn(told.turn_id)
    if fault.survived(wire):
        _whole(told)
        assert ledger_of(turn) == [(faulty, "completed", None)]
        assert _outcomes(caller, faulty) == ["completed"]
        assert caller.calls(well) == []
    elif not fault.fallback:
        _clean(told, fault)
        assert ledger_of(turn) == [(faulty, "failed", fault.kind)]
        assert caller.calls(well) == []
    else:
        _whole(told)
        assert ledger_of(turn) == [(faulty, "failed", fault.kind)] * fault.calls + [(well, "completed", None)]
        assert _model(turn) == well
        assert turn["result"]["attempts"] == fault.calls + 1
        assert len(caller.calls(faulty)) == fault.calls
        assert all(gap >= fault.gap for gap in caller.gaps(faulty)), caller.gaps(faulty)
        assert _outcomes(caller, well) == ["completed"]


async def _alone(caller: Caller, wire: str, fault: Fault, mode: Mode) -> None:
    faulty = caller.model(wire, fault.behaviour)
    told = await caller.ask(mode, [faulty], limits={**LIMITS, **fault.limits})
    turn = await caller.turn(told.turn_id)
    if fault.survived(wire):
        _whole(told)
        assert ledger_of(turn) == [(faulty, "completed", None)]
        return
    _clean(told, fault)
    assert (turn["state"], turn["message"], turn["result"]["error_kind"]) == ("failed", None, fault.kind)
    assert ledger_of(turn) == [(faulty, "failed", fault.kind)] * fault.alone
    assert len(caller.calls(faulty)) == fault.alone
    assert all(gap >= fault.gap for gap in caller.gaps(faulty)), caller.gaps(faulty)


def _whole(told: Told) -> None:
    assert (told.error, told.text, told.finish) == (None, WORDS, "stop")


def _clean(told: Told, fault: Fault) -> None:
    assert fault.kind is not None
    assert told.error == fault.kind, told
    assert told.finish is None
    assert WORDS.startswith(told.text)
    # What lacks its end may be whole, and nobody knows.
    assert told.text != WORDS or fault.name in ("no-finish", "no-last-event")
    # A stream has begun with 200 when it fails; its error is its last event.
    assert told.status in (None, RULES[ErrorKind(fault.kind)].http_status)
    assert "sim-key" not in told.message


def _outcomes(caller: Caller, model: str) -> list[object]:
    return [call["outcome"] for call in caller.calls(model)]


async def _alive(caller: Caller, wire: str) -> None:
    model = caller.model(wire)
    _whole(await caller.ask("stream", [model]))
    assert len(caller.calls(model)) == 1


def _model(turn: dict[str, Any]) -> str:
    return "{provider}:{model}".format(**turn["result"]["model"])
