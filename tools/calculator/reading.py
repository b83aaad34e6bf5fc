"""Reading an expression into a tree.

sum     = product (("+" | "-") product)*
product = signed (("*" | "/" | "//" | "%") signed)*
signed  = ("+" | "-") signed | power
power   = atom (("^" | "**") signed)?
atom    = number | name | name "(" sum ("," sum)* ")" | "(" sum ")"
"""

import re
from dataclasses import dataclass

from contracts.tools import ToolError

MAX_CHARS = 1_000
_MAX_DEPTH = 60
_TOKEN = re.compile(
    r"\s*(?:(\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z]\w*)|(\*\*|//|[-+*/%^(),]))", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written."""

    text: str


@dataclass(frozen=True, slots=True)
class Apply:
    """A function or an operator (`+ - * / // % ^ neg`) over its arguments; a constant has none."""

    name: str
    arguments: "tuple[Node, ...]"


Node = Number | Apply


def read(text: str) -> Node:
    """The expression's tree. Raises `ToolError`, which says where it is wrong."""
    if len(text) > MAX_CHARS:
        raise ToolError(f"The expression is longer than {MAX_CHARS} characters. Split it.", field="expression")
    reading = _Reading(_tokens(text))
    node = reading.sum(0)
    reading.end()
    return node


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ToolError(
                f"The expression has {text[at : at + 10]!r} at character {at + 1}, which is no arithmetic.",
                field="expression",
            )
        kind = ("number", "name", "sign")[(match.lastindex or 1) - 1]
        found.append((kind, match[match.lastindex or 0], match.start(match.lastindex or 0) + 1))
        at = match.end()
    return [*found, ("end", "", len(text) + 1)]


class _Reading:
    def __init__(self, tokens: list[tuple[str, str, int]]) -> None:
        self._tokens = tokens
        self._at = 0

    def sum(self, depth: int) -> Node:
        if depth > _MAX_DEPTH:
            raise ToolError("The expression is nested too deeply. Split it.", field="expression")
        node = self._product(depth)
        while sign := self._take("+", "-"):
            node = Apply(sign, (node, self._product(depth)))
        return node

    def end(self) -> None:
        if self._tokens[self._at][0] != "end":
            raise self._unexpected("an operator")

    def _product(self, depth: int) -> Node:
        node = self._signed(depth)
        while sign := self._take("*", "/", "//", "%"):
            node = Apply(sign, (node, self._signed(depth)))
        return node

    def _signed(self, depth: int) -> Node:
        negative = False
        while sign := self._take("+", "-"):
            negative ^= sign == "-"
        node = self._power(depth)
        return Apply("neg", (node,)) if negative else node

    def _power(self, depth: int) -> Node:
        node = self._atom(depth)
        if self._take("^", "**"):
            if depth > _MAX_DEPTH:
                raise ToolError("The expression is nested too deeply. Split it.", field="expression")
            return Apply("^", (node, self._signed(depth + 1)))
        return node

    def _atom(self, depth: int) -> Node:
        kind, text, _ = self._tokens[self._at]
        if kind == "number":
            self._at += 1
            return Number(text.replace("_", ""))
        if kind == "name":
            self._at += 1
            return Apply(text.lower(), self._arguments(depth) if self._take("(") else ())
        if self._take("("):
            node = self.sum(depth + 1)
            self._close()
            return node
        raise self._unexpected("a number")

    def _arguments(self, depth: int) -> tuple[Node, ...]:
        found = [self.sum(depth + 1)]
        while self._take(","):
            found.append(self.sum(depth + 1))
        self._close()
        return tuple(found)

    def _close(self) -> None:
        if not self._take(")"):
            raise self._unexpected(")")

    def _take(self, *signs: str) -> str:
        kind, text, _ = self._tokens[self._at]
        if kind == "sign" and text in signs:
            self._at += 1
            return text
        return ""

    def _unexpected(self, wanted: str) -> ToolError:
        _, text, at = self._tokens[self._at]
        found = repr(text) if text else "the end"
        return ToolError(f"The expression has {found} at character {at} where {wanted} is wanted.", field="expression")
