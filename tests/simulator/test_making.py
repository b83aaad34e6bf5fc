"""Tokens, words, schema instances, vectors: pure parts, tested as such."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from providers.simulator.instances import instance
from providers.simulator.pieces import count, pieces
from providers.simulator.signatures import fits, is_ours, sign
from providers.simulator.vectors import vector
from providers.simulator.words import answer_pieces


@given(st.text())
def test_pieces_join_to_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text
    assert count(text) == len(pieces(text))
    assert all(pieces(text))


@given(st.text(), st.integers(0, 9), st.integers(0, 300), st.integers(0, 300))
def test_answers_are_deterministic_and_prefixes_of_each_other(prompt: str, seed: int, one: int, two: int) -> None:
    short, long = sorted((one, two))
    made = answer_pieces(prompt, seed, length=long)
    assert len(made) == long
    assert made[:short] == answer_pieces(prompt, seed, length=short)
    assert pieces("".join(made)) == made


def test_the_seed_and_the_prompt_change_the_words() -> None:
    assert answer_pieces("a", 0) != answer_pieces("a", 1)
    assert answer_pieces("a", 0) != answer_pieces("b", 0)


class Leaf(BaseModel):
    score: float = Field(gt=0, lt=1)
    count: int = Field(ge=10, multiple_of=4)


class Tree(BaseModel):
    name: str = Field(min_length=12, max_length=20)
    leaves: list[Leaf] = Field(min_length=2)
    child: "Tree | None"
    pair: tuple[int, str]
    extra: dict[str, int] = {}


def test_an_instance_follows_a_recursive_model() -> None:
    Tree.model_validate(instance(Tree.model_json_schema()))


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"const": 5}, 5),
        ({"enum": ["x", "y"]}, "x"),
        ({"type": ["null", "integer"]}, 7),
        ({"type": "INTEGER", "maximum": 2}, 2),
        ({"type": "dict", "properties": {"a": {"type": "boolean"}}}, {"a": True}),
        (
            {"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}], "type": "object"},
            {"a": 1, "b": 2},
        ),
        (
            {"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": True},
            ["simulated-0", "simulated-1"],
        ),
        ({"type": "array", "maxItems": 0}, []),
        ({"type": "string", "maxLength": 3}, "sim"),
        ({"type": "string", "format": "date"}, "2026-01-15"),
        ({"type": "null"}, None),
        ({}, "simulated"),
    ],
)
def test_instances(schema: dict[str, Any], expected: object) -> None:
    assert instance(schema) == expected


@given(st.integers(-50, 50), st.integers(0, 50), st.booleans())
def test_numbers_stay_in_their_range(low: int, width: int, whole: bool) -> None:
    made = instance({"type": "integer" if whole else "number", "minimum": low, "maximum": low + width})
    assert low <= made <= low + width
    exclusive = instance({"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": low + width + 1})
    assert low < exclusive < low + width + 1


@given(st.text())
def test_signatures(text: str) -> None:
    assert fits(sign(text), text)
    assert fits(sign(text), "")
    assert not fits(sign(text), text + "!")
    assert not is_ours(text)


@given(st.text(), st.integers(1, 300))
def test_vectors_have_length_one(text: str, dimensions: int) -> None:
    made = vector(text, dimensions)
    assert len(made) == dimensions
    norm = sum(value * value for value in made)
    assert norm == pytest.approx(1) or norm == 0
