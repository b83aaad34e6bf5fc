"""From text to nodes. Built on the parser's events, as its own loaders forget places and let the last of two equal names win."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from domain.yaml.nodes import Node, Place, end_of
from domain.yaml.scalars import resolve

LARGEST = 1_000_000
"""Bytes of a text, and values in it once anchors are followed."""
_DEEPEST = 50
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})")
_UNFIT = re.compile("[\0\ud800-\udfff]")
_UNREAD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON allows in a string and YAML does not, or takes for the end of a line."""
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""YAML 1.2, 5.1."""


class _BrokenError(Exception):
    def __init__(self, message: str, place: Place | None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place


def compose(text: str, *, thing: str, empty: str) -> tuple[Node | None, list[tuple[str, Place | None]]]:
    """The text's value, None where it cannot be read at all, and what is wrong with it so far, with its place.

    `thing` is what the text is to be, as in `a policy`; `empty` is what to write for one that says nothing.
    """
    composer = _Composer(thing, empty)
    try:
        if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
            raise _BrokenError(f"the text is larger than {LARGEST:,} bytes", None)
        fitted = _from_json(text)
        _refuse_forbidden(fitted)
        node = composer.compose(fitted)
    except _BrokenError as error:
        composer.note(error.message, error.place)
        node = None
    return node, composer.problems


def _from_json(text: str) -> str:
    """JSON is YAML but for tabs between its words, some rare characters, and those escaped as surrogate pairs."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    spaced = _UNREAD.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\t", " "))
    return _PAIR.sub(lambda found: found[1] + json.loads(f'"{found[2]}"'), spaced)


def _refuse_forbidden(text: str) -> None:
    """Before the parser does, which does not say where."""
    found = _FORBIDDEN.search(text)
    if found is not None:
        message = f"the character U+{ord(found[0]):04X} is not allowed in YAML; remove it"
        raise _BrokenError(message, end_of(text[: found.start()]))


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being read. `name` waits for its value."""

    node: Node
    anchor: str | None
    name: tuple[str, Place] | None = None
    awaits_name: bool = True


@dataclass(slots=True)
class _Composer:
    thing: str
    empty: str
    problems: list[tuple[str, Place | None]] = field(default_factory=list)
    _anchors: dict[str, Node] = field(default_factory=dict)
    _open: list[_Open] = field(default_factory=list)
    _root: Node | None = None

    def note(self, message: str, place: Place | None) -> None:
        self.problems.append((message, place))

    def compose(self, text: str) -> Node:
        import yaml

        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            for event in yaml.parse(text, Loader=loader):
                self._take(event, yaml)
        except yaml.reader.ReaderError as error:
            raise _BrokenError(f"a character is not allowed in YAML ({error.reason})", None) from None
        except yaml.MarkedYAMLError as error:
            said = " ".join(part for part in (error.context, error.problem) if part)
            place = _within(text, _place(error.problem_mark or error.context_mark))
            raise _BrokenError(f"this is not YAML: {said}", place) from None
        if self._root is None or (self._root.fields is None and self._root.items is None and self._root.scalar is None):
            raise _BrokenError(f"the text holds nothing; {self.empty}", None)
        return self._root

    def _take(self, event: Any, yaml: Any) -> None:
        match event:
            case yaml.AliasEvent():
                found = self._anchors.get(event.anchor)
                if found is None:
                    raise _BrokenError(f"nothing before this is called &{event.anchor}", _place(event.start_mark))
                self._add(found, None)
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                place = _place(event.start_mark)
                self._refuse_tag(event)
                if len(self._open) >= _DEEPEST:
                    raise _BrokenError(f"values are nested more than {_DEEPEST} deep", place)
                mapping = isinstance(event, yaml.MappingStartEvent)
                node = Node(place, fields={}) if mapping else Node(place, items=[])
                self._open.append(_Open(node, event.anchor))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                ended = self._open.pop()
                self._add(ended.node, ended.anchor)
            case yaml.DocumentStartEvent() if self._root is not None:
                raise _BrokenError(f"a second document begins here; {self.thing} is one", _place(event.start_mark))
            case _:
                pass

    def _scalar(self, event: Any) -> None:
        place = _place(event.start_mark)
        self._refuse_tag(event)
        value: Any = event.value
        if _UNFIT.search(value):
            self.note("a NUL character or half of a surrogate pair cannot be stored; remove it", place)
        if event.style is None or event.style == "":
            try:
                value = resolve(value)
            except ValueError as error:
                self.note(str(error), place)
                value = None
        self._add(Node(place, scalar=value), event.anchor, word=event.value)

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None and event.tag != "!":
            self.note("tags are not taken; write the plain value", _place(event.start_mark))

    def _add(self, node: Node, anchor: str | None, word: str | None = None) -> None:
        node.size = 1 + sum(child.size for child in node.children())
        node.depth = 1 + max((child.depth for child in node.children()), default=0)
        if node.size > LARGEST or node.depth > _DEEPEST:
            raise _BrokenError("with its anchors followed this is too large or too deep", node.place)
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self._root = node
            return
        into = self._open[-1]
        if into.node.items is not None:
            into.node.items.append(node)
        elif into.awaits_name:
            into.awaits_name = False
            into.name = self._name(node, word)
        else:
            into.awaits_name = True
            self._field(into, node)

    def _name(self, node: Node, word: str | None) -> tuple[str, Place] | None:
        if isinstance(node.scalar, str):
            return node.scalar, node.place
        hint = f'; put it in quotes: "{word[:100]}"' if word else ""
        self.note(f"a name must be text{hint}", node.place)
        return None

    def _field(self, into: _Open, node: Node) -> None:
        if into.name is None or into.node.fields is None:
            return
        name, place = into.name
        if name in into.node.fields:
            first = into.node.fields[name][0]
            self.note(f"{name[:100]!r} is said twice, first in line {first.line}; keep one", place)
            return
        into.node.fields[name] = (place, node)


def _within(text: str, place: Place) -> Place:
    """The parser counts one line more than there is where the text ends too early."""
    lines = text.splitlines() or [""]
    return place if place.line <= len(lines) else Place(len(lines), len(lines[-1]) + 1)


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)
