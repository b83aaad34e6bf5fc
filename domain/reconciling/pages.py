"""Pages of buckets of results: the JSON that both vendors' interfaces answer with, so that every fault is named by its place."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, DecimalException
from typing import Any, TypeVar

from domain.reconciling.amounts import day_of
from domain.reconciling.faults import quoted, unknown_export, wrong_place

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Node:
    """An object and the path to it."""

    place: str
    value: Mapping[str, Any]

    def read(self, name: str, reader: Callable[[object], Value]) -> Value:
        """The member as `reader` reads it. Raises `invalid_request` with its place where it is missing or wrong."""
        if name not in self.value:
            raise wrong_place(f"{self.place}.{name}".lstrip("."), "it is missing.")
        try:
            return reader(self.value[name])
        except ValueError as error:
            raise wrong_place(f"{self.place}.{name}".lstrip("."), f"{quoted(self.value[name])}: {error}") from None

    def given(self, name: str, reader: Callable[[object], Value]) -> Value | None:
        """The same; None where it is missing or null."""
        return None if self.value.get(name) is None else self.read(name, reader)

    def child(self, name: str) -> "Node | None":
        """The object that the member is; None where it is missing or null."""
        found = self.value.get(name)
        if found is None:
            return None
        return node(f"{self.place}.{name}".lstrip("."), found)

    def children(self, name: str) -> "list[Node]":
        """The objects of the list that the member is."""
        found = self.read(name, _list)
        return [node(f"{self.place}.{name}.{at}".lstrip("."), one) for at, one in enumerate(found)]


@dataclass(frozen=True, slots=True)
class Bucket:
    """The results of a stretch of time within one day."""

    day: date
    begins: datetime
    ends: datetime
    results: Sequence[Node]


def node(place: str, value: object) -> Node:
    """The object at a place. Raises `invalid_request` where it is none."""
    if not isinstance(value, dict):
        raise wrong_place(place or "the file", "an object is expected.")
    return Node(place, value)


def read_pages(text: str) -> list[Node]:
    """The pages of a file: one object, or a list of them. Raises `invalid_request`. Numbers stay exact."""
    try:
        read = json.loads(text, parse_float=_exact, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise wrong_place(f"line {error.lineno}, column {error.colno}", f"this is no JSON: {error.msg}.") from None
    except RecursionError:
        raise unknown_export("The JSON is nested too deeply.") from None
    except ValueError as error:
        raise unknown_export(f"The JSON has a number that cannot be meant: {error}.") from None
    if isinstance(read, list):
        return [node(str(at), one) for at, one in enumerate(read)]
    return [node("", read)]


def read_buckets(pages: Sequence[Node], begins: str, ends: str, reader: Callable[[object], datetime]) -> list[Bucket]:
    """The buckets of all pages; `begins` and `ends` are what their members are called."""
    found = []
    for page in pages:
        for one in page.children("data"):
            first, last = one.read(begins, reader), one.read(ends, reader)
            try:
                day = day_of(first, last)
            except ValueError as error:
                raise wrong_place(f"{one.place}.{ends}", f"{error}.") from None
            found.append(Bucket(day, first, last, one.children("results")))
    return found


def notes_of(pages: Sequence[Node]) -> tuple[str, ...]:
    """What a reader should know: that pages are missing."""
    if pages and pages[-1].value.get("has_more") is True:
        return ("The last page says that there are more (`has_more`); what is on those is missing here.",)
    return ()


def text(value: object) -> str:
    """A text. Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError("a text is expected")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a list is expected")
    return value


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except DecimalException:
        raise ValueError(f"{text[:40]} is out of range") from None


def _no_number(name: str) -> Decimal:
    raise ValueError(f"{name} is no number")
