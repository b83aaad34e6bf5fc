"""Conditions in CEL: what they read, what they give, and that nothing else comes of any text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pipelines.conditions import UnfitConditionError, evaluated, holds, references

NAMES: dict[str, Any] = {
    "a": {"b": {"c": [1, {"d": 2.5}]}, "state": "completed"},
    "n": None,
    "s": "Tea",
    "secret": "hunter2",
}

READ = {
    "a.b.c[0] == 1 && s == 'x.y'": ["a.b.c[0]", "s"],
    "a['b'].c.size() > 0": ["a.b.c"],
    "a.b.c.exists(x, x == s)": ["a.b.c", "s"],
    "has(a.b) ? a.b.c[1].d : n": ["a.b", "a.b.c[1].d", "n"],
    "'a.b' + \"c.d\" == s // e.f": ["s"],
    "type(s) == string": ["s"],
    "min([1, 2]) < math.greatest(1, size(s))": ["s"],
}


@pytest.mark.parametrize("text", READ)
def test_references(text: str) -> None:
    assert [str(one) for one in references(text)] == READ[text]


GIVEN = {
    "a.b.c[0] == 1": True,
    "a.state == 'completed' && n == null": True,
    "s.lowerAscii()": "tea",
    "a.b.c[1].d > 2.0": True,
    "timestamp('2020-01-01T00:00:00Z')": "2020-01-01T00:00:00+00:00",
    "duration('90s')": 90.0,
    "[1, 2].map(x, x * 2)": [2, 4],
    "{'k': s}": {"k": "Tea"},
}


@pytest.mark.parametrize("text", GIVEN)
def test_values(text: str) -> None:
    assert evaluated(text, NAMES) == GIVEN[text]


@pytest.mark.parametrize(
    "text", ["a.z", "n.z", "b'x'", "zz", "1 / 0", "s + 1", "a.b.c[9]", "{'x': 1}[secret]", "int(secret)", "a ==", ""]
)
def test_what_does_not_fit_is_refused_without_its_values(text: str) -> None:
    with pytest.raises(UnfitConditionError) as raised:
        evaluated(text, NAMES)
    assert "hunter2" not in str(raised.value)


def test_a_condition_is_true_or_false() -> None:
    assert holds("size(s) == 3", NAMES)
    with pytest.raises(UnfitConditionError, match="neither true nor false"):
        holds("s", NAMES)


@given(st.text())
def test_any_text_is_compiled_or_refused(text: str) -> None:
    try:
        references(text)
        evaluated(text, NAMES)
    except UnfitConditionError:
        return


@given(st.text(st.sampled_from("abns.()[]{}'\"&|!=<>+-*/%?:,0123 \n\\inmaptruenull"), max_size=40))
def test_any_text_of_its_own_marks_is_compiled_or_refused(text: str) -> None:
    try:
        references(text)
        evaluated(text, NAMES)
    except UnfitConditionError:
        return
