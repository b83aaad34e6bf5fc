"""Whatever a server sends, a reader either makes an answer of it or says that it failed."""

import contextlib
import copy
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import ProviderError
from providers.collect import Answer
from tests.unit.providers.openai.reading import read_chat, read_responses
from tests.unit.providers.openai.test_chat_answer import call, chunk
from tests.unit.providers.openai.test_responses_answer import END, streamed

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
CHAT = [
    chunk({"role": "assistant", "reasoning": "a", "reasoning_details": [{"type": "reasoning.text", "index": 0}]}),
    chunk({"content": [{"type": "thinking", "thinking": [{"text": "b"}]}, {"type": "text", "text": "c"}]}),
    chunk({"content": "d", "annotations": [{"type": "url_citation", "url_citation": {"url": "u"}}]}),
    chunk({"refusal": "e", "images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]}),
    chunk(call(0, "f", "g", "{}") | {"function_call": {"name": "h", "arguments": "{}"}}),
    chunk({}, "stop", usage={"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}, citations=["u"]),
]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, inner in pairs for found in ((value, key), *places(inner))]


@pytest.mark.parametrize(
    ("read", "bodies"), [(read_chat, CHAT), (read_responses, streamed(END))], ids=["chat", "responses"]
)
@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_any_field_may_hold_anything(
    read: Callable[[Iterable[dict[str, Any]]], Answer], bodies: list[dict[str, Any]], data: st.DataObject
) -> None:
    sent = copy.deepcopy(bodies)
    found = places(sent)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = found[data.draw(st.integers(0, len(found) - 1))]
        container[key] = data.draw(anything)
    with contextlib.suppress(ProviderError):
        read([body for body in sent if isinstance(body, dict)])
