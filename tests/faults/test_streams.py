"""A stream that breaks after text was shown: begun anew, continued, or ended, as the caller wishes."""

import pytest

from tests.api.reading import Event, stream
from tests.faults.asking import WORDS, Caller, ledger_of
from tests.faults.cases import LIMITS, SIBLING, WIRES
from tests.fixtures.house import Running

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

CUT = {"cut_after": 6}
ONCE = {**LIMITS, "same_candidate": 1}
PREFILLING = "claude"
"""The one provider here whose models go on from a text that was begun for them; OpenAI's responses and Gemini do not."""


async def _asked(caller: Caller, policy: str, models: list[str]) -> tuple[dict[str, object], list[Event]]:
    body = {
        "model": models[0],
        "models": models[1:],
        "content": "Count to twelve.",
        "on_new_attempt": policy,
        "limits": ONCE,
    }
    turn_id = (await caller.http.post("/api/turns", json=body)).raise_for_status().json()["id"]
    events = await stream(caller.http, turn_id)
    return await caller.turn(turn_id), events


def _shown(events: list[Event]) -> str:
    """What a reader holds at the end."""
    text = ""
    for event in events:
        match event.name:
            case "reset":
                text = ""
            case "continue":
                text = text[: event.data["keep_chars"]]
            case "text":
                text += event.data["text"]
            case _:
                pass
    return text


def _names(events: list[Event]) -> list[str]:
    return [event.name for event in events]


@pytest.mark.parametrize("wire", WIRES)
async def test_reset_begins_anew(patient_house: Running, caller: Caller, wire: str) -> None:
    cut, well = caller.model(wire, CUT), caller.model(SIBLING[wire], {"text": "Something else."})
    turn, events = await _asked(caller, "reset", [cut, well])
    assert _shown(events) == "Something else."
    assert _names(events).count("reset") == 1
    assert "continue" not in _names(events)
    assert ledger_of(turn) == [(cut, "failed", "unavailable"), (well, "completed", None)]


@pytest.mark.parametrize("wire", ["chat", "responses", "gemini"])
async def test_a_model_that_takes_a_prefill_goes_on(patient_house: Running, caller: Caller, wire: str) -> None:
    cut, well = caller.model(wire, CUT), caller.model(PREFILLING)
    turn, events = await _asked(caller, "continue", [cut, well])
    assert _shown(events) == WORDS
    assert "reset" not in _names(events)
    kept = next(event.data["keep_chars"] for event in events if event.name == "continue")
    assert kept > 0
    # What was kept was neither said nor paid for again.
    said = sum(call["output"] for model in (cut, well) for call in caller.calls(model))
    assert said <= len(WORDS.split()) + 3
    (part,) = turn["message"]["parts"]  # type: ignore[index]
    assert part["text"] == WORDS


@pytest.mark.parametrize("wire", ["responses", "gemini"])
async def test_a_model_that_takes_none_begins_anew(patient_house: Running, caller: Caller, wire: str) -> None:
    cut, well = caller.model(PREFILLING, CUT), caller.model(wire, {"text": "Something else."})
    turn, events = await _asked(caller, "continue", [cut, well])
    assert _shown(events) == "Something else."
    assert "continue" not in _names(events)
    assert len(caller.calls(well)) == 1
    assert ledger_of(turn)[-1] == (well, "completed", None)


async def test_a_refused_prefill_is_asked_again_from_the_start(patient_house: Running, caller: Caller) -> None:
    cut = caller.model("chat", CUT)
    well = caller.model(PREFILLING, {"reject_prefill": True, "text": "Something else."})
    turn, events = await _asked(caller, "continue", [cut, well])
    assert _shown(events) == "Something else."
    assert ledger_of(turn) == [
        (cut, "failed", "unavailable"),
        (well, "failed", "invalid_request"),
        (well, "completed", None),
    ]
    assert len(caller.calls(well)) == 2


@pytest.mark.parametrize("wire", WIRES)
async def test_fail_ends_the_turn(patient_house: Running, caller: Caller, wire: str) -> None:
    cut, well = caller.model(wire, CUT), caller.model(SIBLING[wire])
    turn, events = await _asked(caller, "fail", [cut, well])
    assert (turn["state"], turn["message"]) == ("failed", None)
    assert turn["result"]["error_kind"] == "unavailable"  # type: ignore[index]
    assert _names(events)[-1] == "end"
    assert WORDS.startswith(_shown(events))
    assert caller.calls(well) == []
    assert len(caller.calls(cut)) == 1


@pytest.mark.parametrize("wire", WIRES)
async def test_fail_allows_another_before_anything_was_shown(patient_house: Running, caller: Caller, wire: str) -> None:
    faulty, well = caller.model(wire, {"error": {"kind": "unavailable"}}), caller.model(SIBLING[wire])
    turn, events = await _asked(caller, "fail", [faulty, well])
    assert _shown(events) == WORDS
    assert turn["state"] == "completed"


async def test_an_openai_stream_is_never_spliced(patient_house: Running, caller: Caller) -> None:
    cut, well = caller.model("chat", CUT), caller.model("claude", {"text": "One two, but otherwise."})
    told = await caller.ask("stream", [cut, well], limits=ONCE)
    assert told.error == "stream_diverged"
    assert told.finish is None
    assert WORDS.startswith(told.text)
    whole = await caller.finished(told.turn_id)
    assert whole["message"]["parts"][0]["text"] == "One two, but otherwise."
