"""A YAML text as plain values that remember where they stand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Scalar = str | int | float | bool | None
Path = tuple[str | int, ...]
"""Names of fields and numbers of items, from the top."""


def dotted(path: Path) -> str:
    """The path as people write it: `routing_rules.fallback_chain.0`."""
    return ".".join(str(step)[:100] for step in path)


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, counted from 1."""

    line: int
    column: int


def end_of(text: str) -> Place:
    """The place after the text's last character."""
    lines = f"{text}.".splitlines()
    return Place(len(lines), len(lines[-1]))


@dataclass(slots=True)
class Node:
    """A value in the text: a scalar, a list, or a mapping whose names have places of their own.

    `size` and `depth` count it with all that stands in it, anchors followed.
    """

    place: Place
    scalar: Scalar = None
    items: "list[Node] | None" = None
    fields: "dict[str, tuple[Place, Node]] | None" = None
    size: int = 1
    depth: int = 1

    def children(self) -> "Iterator[Node]":
        """What stands directly in it."""
        yield from self.items or ()
        for _, inner in (self.fields or {}).values():
            yield inner


def plain(node: Node) -> Any:
    """The value without its places."""
    if node.fields is not None:
        return {name: plain(inner) for name, (_, inner) in node.fields.items()}
    if node.items is not None:
        return [plain(inner) for inner in node.items]
    return node.scalar


def place_of(node: Node, path: Path, *, name: bool = False) -> Place | None:
    """Where a path's value stands; with `name`, where its name does. None where the text has nothing at the path.

    Of a path that leads beyond a value of the text, as one to a missing field does, the place is that value's.
    """
    named: Place | None = None
    for at, step in enumerate(path):
        if node.fields is not None and isinstance(step, str) and step in node.fields:
            named, node = node.fields[step]
        elif node.items is not None and isinstance(step, int) and 0 <= step < len(node.items):
            node = node.items[step]
            named = node.place
        elif at == 0 or at < len(path) - 1:
            return None
        else:
            return named or node.place
    return named if name and named is not None else node.place
