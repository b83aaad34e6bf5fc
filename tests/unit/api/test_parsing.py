"""JSON that we can keep, and a clear word about any other."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.parsing import DEEPEST, parse_json
from contracts.errors import ErrorKind, PerdureError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(alphabet=st.characters(exclude_characters="\0", codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet="abc", max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_values_come_as_they_were_sent(value: object, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


def refusal(body: bytes) -> PerdureError:
    with pytest.raises(PerdureError) as raised:
        parse_json(body)
    assert raised.value.kind is ErrorKind.INVALID_REQUEST
    return raised.value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no body"),
        (b"  \n", "no body"),
        (b'{"a": 1,}', "line 1 column"),
        (b"{'a': 1}", "line 1 column"),
        (b'{"a": \n nope}', "line 2 column"),
        (b'{"a": "\xff"}', "not UTF-8: byte 7 (0xff)"),
        (b'{"a": 1e999}', "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b"[" * 5_000, "not JSON"),
        (b'{"a": "\\ud83d' + b"[" * 5_000, "not JSON"),
    ],
)
def test_the_place_is_named(body: bytes, words: str) -> None:
    assert words in refusal(body).message


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"messages": [{"content": "a\\u0000b"}]}', "messages.0.content"),
        (b'{"metadata": {"a\\u0000": "b"}}', "metadata"),
        (b'["\\u0000"]', "0"),
        (b'"\\u0000"', "body"),
        (b'{"messages": [{"content": "a\\ud800b"}]}', "messages.0.content"),
        (b'{"messages": [{"content": "\\uDC00"}]}', "messages.0.content"),
        (b'{"metadata": {"\\ud800": "b"}}', "metadata"),
    ],
)
def test_characters_that_cannot_be_kept_are_named_by_their_field(body: bytes, field: str) -> None:
    refused = refusal(body)
    assert refused.field == field
    assert "Remove it" in refused.message


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert parse_json(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_an_escaped_backslash_before_u0000_is_text() -> None:
    assert parse_json(b'"\\\\u0000"') == "\\u0000"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_has_a_bound(opening: str, closing: str) -> None:
    fits = opening * DEEPEST + "1" + closing * DEEPEST
    assert parse_json(fits.encode()) is not None
    beyond = opening * (DEEPEST + 1) + "1" + closing * (DEEPEST + 1)
    assert "levels" in refusal(beyond.encode()).message


def test_a_nul_in_the_depths_is_found_without_recursion() -> None:
    deep = "[" * 1_000 + '"\\u0000"' + "]" * 1_000
    assert "NUL" in refusal(deep.encode()).message


def test_many_brackets_are_not_depth() -> None:
    assert len(parse_json(json.dumps([[1]] * 500 + ["{[" * 500]).encode())) == 501
