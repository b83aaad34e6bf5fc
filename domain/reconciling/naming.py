"""The same model under the names that a bill and an answer use."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from contracts.reconciling import TOOLS

_DATE = re.compile(r"-(?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$")
_FINE_TUNED = re.compile(r"^ft:")
_UNSAFE = re.compile(r"[\s._]+")


def family(name: str) -> str:
    """A model's name without the date of its version: "Claude Haiku 4.5" and "claude-haiku-4-5-20251001" are of one family."""
    plain = _UNSAFE.sub("-", name.strip().lower())
    if _FINE_TUNED.match(plain):
        return plain
    stem = _DATE.sub("", plain)
    # Anthropic calls Claude Opus 4 claude-opus-4-0 as well.
    return stem.removesuffix("-0") if stem.startswith("claude-") else stem


def labelling(theirs: Iterable[str], ours: Iterable[str]) -> Callable[[str], str]:
    """The name under which a model of either side is compared.

    Its own, where both sides tell the versions of its family apart by the same names; else its family's.
    """
    named: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for side, names in enumerate((theirs, ours)):
        for name in names:
            named[family(name)][side].add(name)

    def label(name: str) -> str:
        if name == TOOLS:
            return name
        by_them, by_us = named[family(name)]
        return name if by_them <= by_us or by_us <= by_them else family(name)

    return label
