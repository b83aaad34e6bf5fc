"""What values and conditions read, found out when they are to be worked out."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.pipelines.plan import Reference
from domain.pipelines import conditions, templates


def roots_of(*said: Any) -> frozenset[str]:
    """The names at the beginning of all that templates in these values refer to. Raises UnfitTemplateError."""
    return frozenset(one.root for value in said for one in _read(value))


def roots_of_condition(*texts: str) -> frozenset[str]:
    """The same of conditions and calculations. Raises UnfitConditionError."""
    return frozenset(one.root for text in texts for one in conditions.references(text))


def _read(value: Any) -> Iterator[Reference]:
    if isinstance(value, str):
        yield from templates.parsed(value).references
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _read(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _read(inner)
