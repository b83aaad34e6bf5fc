"""What the difficulty is worth on recorded prompts with known right and wrong answers, against what the report says."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.classifying.head import Head
from training import benchmarks
from training.__main__ import FIGURES, held_out_rows, training_rows

pytestmark = [pytest.mark.recordings, pytest.mark.long, pytest.mark.timeout(400)]


EVERY = {"mmlu": 2, "gsm8k": 1}
"""Of MMLU's rows every second is measured here, since all take long; `python -m training --recordings` measures them all."""
WITHIN = {"mmlu": 0.06, "gsm8k": 0.01}
"""How far a measure of the sample may be from the whole's: about the interval of the report's own resamplings."""


@pytest.fixture(scope="module")
def found(recordings: Path) -> dict[str, Any]:
    head = Head.read()
    return {name: benchmarks.measured(head, *_sampled(recordings, name)) for name in benchmarks.NAMES}


def _sampled(recordings: Path, name: str) -> Any:
    return tuple(column[:: EVERY[name]] for column in benchmarks.read(recordings, name))


@pytest.fixture(scope="module")
def reported() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))["benchmarks"]
    return stored


@pytest.mark.parametrize("name", benchmarks.NAMES)
def test_the_report_says_what_is_measured(found: dict[str, Any], reported: dict[str, Any], name: str) -> None:
    assert found[name]["rows"] == len(range(0, reported[name]["rows"], EVERY[name]))
    for score in ("shipped difficulty, out of domain", "cross-validated fit, in domain", "chance", "oracle"):
        for measure in ("apgr", "cpt50", "cpt80"):
            assert found[name][score][measure] == pytest.approx(reported[name][score][measure], abs=WITHIN[name]), (
                score,
                measure,
            )


def test_out_of_domain_it_is_better_than_chance(found: dict[str, Any]) -> None:
    assert found["mmlu"]["shipped difficulty, out of domain"]["apgr_interval"][0] > 0.5
    assert found["gsm8k"]["shipped difficulty, out of domain"]["apgr"] > 0.5


@pytest.mark.parametrize("name", benchmarks.NAMES)
def test_in_domain_the_same_inputs_learn_to_route(found: dict[str, Any], name: str) -> None:
    fitted, chance = found[name]["cross-validated fit, in domain"], found[name]["chance"]
    assert fitted["apgr_interval"][0] > chance["apgr"]
    assert fitted["cpt50"] < chance["cpt50"]
    assert fitted["cpt80"] < chance["cpt80"]


def test_no_recorded_prompt_was_trained_on(recordings: Path) -> None:
    recorded = {_plain(prompt) for name in benchmarks.NAMES for prompt in benchmarks.read(recordings, name)[0]}
    ours = {_plain(row.text) for row in training_rows()}
    measured = {_plain(row.text) for of in held_out_rows().values() for row in of}
    assert not recorded & (ours | measured)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
