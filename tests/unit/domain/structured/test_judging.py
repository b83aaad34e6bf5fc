"""Data out of what a model wrote: found, mended, judged, agreed upon."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.ai_steps import AnswerWish
from contracts.errors import PerdureError
from contracts.parts import Message, TextPart
from domain.structured.agreeing import agreed, similarity
from domain.structured.asking import corrected, instructed, native_output, strict_enough
from domain.structured.finding import found_json, partial_json
from domain.structured.judging import Invalid, Valid, check_schema, faults, judge

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"n": 1}', Valid({"n": 1})),
        (' \n{"n": 1}\n', Valid({"n": 1})),
        ('```json\n{"n": 1}\n```', Valid({"n": 1}, repaired=True)),
        ('```\n{"n": 1}\n```', Valid({"n": 1}, repaired=True)),
        ('The answer is {"n": 1}. Bye {you}!', Valid({"n": 1}, repaired=True)),
        ("{n: 1}", Valid({"n": 1}, repaired=True)),
        ('{"n": 1', Valid({"n": 1}, repaired=True)),
        ('{"n": 1,}', Valid({"n": 1}, repaired=True)),
    ],
    ids=range(8),
)
def test_data_is_found(text: str, expected: Valid) -> None:
    assert judge(text, SCHEMA) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON"),
        ("I cannot do that.", "no JSON"),
        ('{"n": "1"}', "$.n: '1' is not of type 'integer'"),
        ("{}", "'n' is a required property"),
        ("[1]", "is not of type 'object'"),
        ('{"n": NaN}', ""),
        ("5", "5 is not of type 'object'"),
        ("[" * 5_000, ""),
        ('{"n": 1, "s": "\\u0000"}', ""),
    ],
    ids=range(9),
)
def test_what_is_wrong_is_said_for_the_model(text: str, says: str) -> None:
    found = judge(text, SCHEMA)
    assert isinstance(found, Invalid)
    assert any(says in one for one in found.errors)
    assert all(one in found.correction_prompt for one in found.errors)


def test_a_mended_answer_that_was_cut_off_is_refused() -> None:
    assert isinstance(judge('{"n": 1', SCHEMA, cut_off=True), Invalid)
    assert judge('{"n": 1}', SCHEMA, cut_off=True) == Valid({"n": 1})


def test_errors_are_few_and_short() -> None:
    found = judge(
        json.dumps({"n": 1, **{f"x{i}": "y" * 5_000 for i in range(50)}}), {"additionalProperties": {"type": "null"}}
    )
    assert isinstance(found, Invalid)
    assert len(found.errors) == 11
    assert len(found.correction_prompt) < 5_000


@given(values)
def test_json_is_found_as_it_is(value: Any) -> None:
    found = found_json(json.dumps(value))
    assert found is not None
    assert found.value == value
    assert not found.repaired


@given(values.filter(lambda value: isinstance(value, dict | list)))
def test_json_is_found_among_words(value: Any) -> None:
    found = found_json(f"Here you are:\n```json\n{json.dumps(value, indent=2)}\n```\nDone")
    assert found is not None
    assert found.value == value


@given(st.text(alphabet='{}[]",:\\ntrue123 `abcn\n', max_size=80))
def test_no_text_breaks_the_judge(text: str) -> None:
    found = judge(text, SCHEMA)
    if isinstance(found, Valid):
        assert faults(found.data, SCHEMA) == ()
        json.dumps(found.data, allow_nan=False)


@settings(deadline=None)
@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=3), st.lists(st.integers(0, 9), max_size=4), min_size=1),
    st.data(),
)
def test_partial_objects_only_grow(value: dict[str, Any], data: Any) -> None:
    text = json.dumps(value)
    cut = data.draw(st.integers(0, len(text)))
    found = partial_json(text[:cut])
    assert found is None or found.keys() <= {*value, *(name[:n] for name in value for n in range(len(name)))}
    assert partial_json(text) == value


@pytest.mark.parametrize(
    "schema",
    [
        [],
        "x",
        {"type": "strin"},
        {"$ref": "other.json"},
        {"$ref": "#/$defs/x"},
        {"properties": {"a": {"$ref": "#foo"}}},
    ],
    ids=range(6),
)
def test_what_is_no_schema_is_refused(schema: Any) -> None:
    with pytest.raises(PerdureError) as raised:
        check_schema(schema)
    assert str(raised.value.field).startswith("schema")


def test_a_schema_may_refer_into_itself() -> None:
    check_schema({"$defs": {"a/b": {"type": "integer"}}, "properties": {"n": {"$ref": "#/$defs/a~1b"}}})
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}}}
    check_schema(tree)
    assert judge('{"left": {"left": {"left": 5}}}', tree) != Valid({})


def test_agreement_is_field_by_field() -> None:
    assert similarity({"a": 1, "b": "Hello  World"}, {"a": 1.0, "b": "hello world"}) == 1
    assert similarity({"a": 1, "b": 2}, {"a": 1}) == 0.5
    assert similarity([1, 2, 3, 4], [1, 2]) == 0.5
    assert similarity(True, 1) == 0
    assert similarity({}, {}) == similarity([], []) == 1
    assert agreed([{"a": 1}, {"a": 2}, {"a": 2}]) == (1, 0.5)
    assert agreed(["x"]) == (0, 1.0)
    with pytest.raises(ValueError, match="no samples"):
        agreed([])


@given(values, values)
def test_similarity_is_a_share(one: Any, other: Any) -> None:
    assert similarity(one, one) == 1
    assert 0 <= similarity(one, other) == similarity(other, one) <= 1


def test_the_schema_is_told_after_the_instructions() -> None:
    said = tuple(Message(role=role, parts=(TextPart(text=role),)) for role in ("system", "user"))
    told = instructed(said, SCHEMA)
    assert [one.role for one in told] == ["system", "system", "user"]
    assert '"required": ["n"]' in str(told[1].parts[0])
    assert [one.role for one in corrected(told, "", "wrong")] == ["system", "system", "user", "assistant", "user"]


def test_vendors_are_strict_where_they_can_be() -> None:
    assert not strict_enough(SCHEMA)
    closed = {**SCHEMA, "additionalProperties": False}
    assert strict_enough(closed)
    assert not strict_enough({**closed, "properties": {"n": {"type": "object"}}})
    assert native_output(AnswerWish(definition=closed)).strict is True
    assert native_output(AnswerWish(definition=SCHEMA)).strict is None
