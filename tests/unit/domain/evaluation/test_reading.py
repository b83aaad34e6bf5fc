"""Rows as strangers write them."""

import json
from typing import Any

import pytest

from domain.evaluation import read_rows

_GOOD = {"prompt": "secret words", "quality": {"a": 0.2, "b": 0.9}, "cost": {"a": 0.001, "b": 0.02}, "score": 0.4}


def _lines(*rows: dict[str, Any]) -> list[str]:
    return [json.dumps(row) for row in rows]


def test_a_whole_row() -> None:
    (row,) = read_rows([*_lines(_GOOD), "", "  \n"]).rows
    assert row.quality == {"a": 0.2, "b": 0.9}
    assert row.usd == {"a": 0.001, "b": 0.02}
    assert row.difficulty == 0.4


def test_truths_under_correct_and_other_fields() -> None:
    (row,) = read_rows(_lines({"task": "maths", "prompt": "1+1", "correct": {"a": False, "b": True}})).rows
    assert row.quality == {"a": 0, "b": 1}
    assert row.usd is None
    assert row.difficulty is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"quality": {"a": 0.2, "b": 1.5}}, "line 2: quality.b: Input should be less than or equal to 1"),
        ({"quality": {"a": 0.2}}, "line 2: quality: Dictionary should have at least 2 items"),
        ({"quality": {"a": 0.2, "c": 0.9}, "cost": None}, "line 2: its models are a, c, those of the first line a, b"),
        ({"cost": {"a": 0.1}}, "line 2: cost is given for a, quality for a, b"),
        ({"cost": {"a": 0.1, "b": -1}}, "line 2: cost.b: Input should be greater than or equal to 0"),
        ({"cost": None}, "line 2: a cost must stand in every line or in none"),
        ({"score": float("nan")}, "line 2: score: "),
        ({"prompt": 7}, "line 2: prompt: Input should be a valid string"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_never_its_prompt(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as caught:
        read_rows(_lines(_GOOD, _GOOD | changed))
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1, column 2: this is no JSON"),
        ("[1, 2]", "line 1: the line: "),
        ("[" * 100_000, "line 1: this JSON is nested too deeply"),
        ("", "there is no row to evaluate on"),
    ],
    ids=["cut", "list", "deep", "empty"],
)
def test_what_is_no_row(line: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        read_rows([line])
    assert said in str(caught.value)


def test_nothing_to_route_is_refused() -> None:
    with pytest.raises(ValueError, match="a is the cheapest and the best"):
        read_rows(_lines({"prompt": "x", "quality": {"a": 1, "b": 0, "c": 0}, "cost": {"a": 1, "b": 2, "c": 3}}))
    with pytest.raises(ValueError, match="more than two models need a cost"):
        read_rows(_lines({"prompt": "x", "quality": {"a": 1, "b": 0, "c": 0}}))
    with pytest.raises(ValueError, match="nothing to route"):
        read_rows(_lines({"prompt": "x", "quality": {"a": 1, "b": 1}}))
