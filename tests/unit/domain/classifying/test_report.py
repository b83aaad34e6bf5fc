"""The shipped weights are those that the report speaks of, and do what it says."""

import hashlib
import json
from typing import Any

import pytest

from domain.classifying.head import SHIPPED, Head
from training import report
from training.__main__ import FIGURES, held_out_rows, trained, training_rows
from training.measuring import figures
from training.rows import Row


@pytest.fixture(scope="module")
def reported() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return stored


@pytest.fixture(scope="module")
def held_out() -> dict[str, list[Row]]:
    return held_out_rows()


def test_the_report_is_of_the_shipped_weights(reported: dict[str, Any]) -> None:
    assert reported["weights"] == hashlib.sha256(SHIPPED.read_bytes()).hexdigest(), "run `python -m training`"
    assert reported["training rows"] == len(training_rows())


def test_the_page_is_written_from_the_figures(reported: dict[str, Any]) -> None:
    assert report.PAGE.read_text(encoding="utf-8") == report.page(reported), "run `python -m training`"


@pytest.mark.parametrize("name", ["unseen templates", "unseen exam subjects", "unseen stories", "one-off requests"])
def test_the_shipped_weights_are_as_accurate_as_reported(
    reported: dict[str, Any], held_out: dict[str, list[Row]], name: str
) -> None:
    said, found = reported["held out"][name], figures(Head.read(), held_out[name])
    assert found["rows"] == said["rows"]
    assert found["accuracy"] == pytest.approx(said["accuracy"], abs=0.005)
    assert found["difficulty error"] == pytest.approx(said["difficulty error"], abs=0.002)
    assert found["difficulty correlation"] == pytest.approx(said["difficulty correlation"], abs=0.005)


def test_tasks_are_told_apart_in_requests_that_were_never_seen(reported: dict[str, Any]) -> None:
    assert reported["held out"]["unseen templates"]["accuracy"] > 0.8
    assert reported["held out"]["one-off requests"]["accuracy"] > 0.85


def test_no_measured_row_was_trained_on(held_out: dict[str, list[Row]]) -> None:
    rows = training_rows()
    texts, sources = {row.text for row in rows}, {row.source for row in rows}
    for of in held_out.values():
        assert not texts & {row.text for row in of}
        assert not sources & {row.source for row in of}


def test_the_same_rows_give_the_same_weights() -> None:
    rows = training_rows()[::7]
    first, second = trained(rows), trained(list(rows))
    assert (first.task_weights == second.task_weights).all()
    assert (first.difficulty_weights == second.difficulty_weights).all()
    assert training_rows()[::7] == rows
