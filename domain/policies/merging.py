"""One policy's document over another's."""

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]
"""A policy as it was written: plain values, and only what was said."""


def merged(base: Document, over: Document) -> dict[str, Any]:
    """`over` on `base`: mappings are merged at every depth; lists, words, numbers and nulls replace what stood there."""
    result = dict(base)
    for name, value in over.items():
        held = result.get(name)
        result[name] = merged(held, value) if isinstance(held, Mapping) and isinstance(value, Mapping) else value
    return result
