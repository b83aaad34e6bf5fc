"""Whatever is sent for a policy is read, or refused with places: nothing else ever comes of it."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.policies import Policy
from domain.policies.problems import PolicyError
from domain.policies.reading import read
from domain.policies.writing import dumped, version_of
from domain.yaml.composing import LARGEST
from domain.yaml.writing import to_yaml
from tests.policies.written import BREAKS, ODD, POLICIES

FIELDS = [
    "models",
    "routing_rules",
    "fallback_chains",
    "fallback_chain",
    "weights",
    "cost",
    "limits",
    "idle",
    "a:b",
    "version",
]
SCALARS: "st.SearchStrategy[Any]" = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([*FIELDS, *ODD, *BREAKS, "auto", "cost", -1, 10**40])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)
MARKS = st.text(st.sampled_from("{}[],:-?&*!|>'\"%@` \n\t#ab01.~<\\\r\0\x85\ud800\ufeff"), max_size=60)


def judge(text: str | bytes) -> None:
    """A policy, or problems whose places are in the text."""
    try:
        reading = read(text, source="p.yaml")
    except PolicyError as error:
        refused = error
    else:
        assert isinstance(reading.policy, Policy)
        # It can be stored as JSON, and be written and read again.
        json.dumps(reading.document, allow_nan=False).encode()
        again = read(to_yaml(dumped(reading.policy)), source="again")
        assert again.policy == reading.policy
        assert version_of(again.policy) == version_of(reading.policy)
        return
    assert refused.errors
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    for problem in refused.problems:
        str(problem).encode()
        if problem.line is None or problem.column is None:
            # Only of the text as a whole.
            assert "holds nothing" in problem.message or len(shown) > LARGEST
        else:
            # A text that ends with a line break has its end on the line after.
            assert 1 <= problem.line <= len(f"{shown}.".splitlines())
            assert problem.column >= 1


@given(st.text())
def test_any_text(text: str) -> None:
    judge(text)


@given(MARKS)
def test_any_text_of_yamls_own_marks(text: str) -> None:
    judge(text)


@given(st.binary())
def test_any_bytes(text: bytes) -> None:
    judge(text)


@given(VALUES)
def test_any_json_even_what_only_python_takes_for_it(value: Any) -> None:
    judge(json.dumps(value))
    judge(json.dumps(value, ensure_ascii=False))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(POLICIES, st.data())
def test_a_good_policy_with_something_cut_or_put_into_it(policy: Policy, data: st.DataObject) -> None:
    text = to_yaml(dumped(policy, only_set=True))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    judge(text[:start] + data.draw(MARKS) + text[end:])
