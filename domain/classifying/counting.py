"""Count words that name a kind of work. Each word is looked up once, so that twenty kinds cost little more than one."""

import re
from functools import lru_cache
from typing import Final

from domain.classifying.words import KINDS

UNSPACED: Final = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
"""A character of a script that does not put spaces between words (or, in Korean, joins endings to them)."""

_SINGLE: Final = re.compile(r"(?:\w|\\w\*|\[sz\]|s\?)+")


def _alternatives(pattern: str) -> list[str]:
    """The pattern's parts at its outer level of `|`."""
    parts, depth = [""], 0
    for character in pattern:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _single(entry: str) -> bool:
    return _SINGLE.fullmatch(entry) is not None and re.search(UNSPACED, entry) is None


def _phrases(pattern: str) -> tuple[str, ...]:
    """What must be searched in the whole text: phrases, words with signs in them, words of scripts without spaces.

    They are written out, because a plain substring is found a hundred times faster than a pattern.
    """
    return tuple(
        written
        for entry in _alternatives(pattern)
        if not _single(entry)
        for written in _written_out(entry.replace("\\+", "+"))
    )


def _written_out(entry: str) -> list[str]:
    """`turn (?:on|off)` as `turn on`, `turn off`."""
    group = re.search(r"\(\?:([^)]*)\)", entry)
    if group is None:
        return [entry]
    heads = [entry[: group.start()] + choice + entry[group.end() :] for choice in group[1].split("|")]
    return [written for head in heads for written in _written_out(head)]


_WORDS: Final = [
    re.compile("|".join(entry for entry in _alternatives(pattern) if _single(entry))) for pattern in KINDS.values()
]
_PHRASES: Final = [_phrases(pattern) for pattern in KINDS.values()]


@lru_cache(maxsize=20_000)
def _kinds(word: str) -> tuple[int, ...]:
    """Which kinds the word names, by their place in `KINDS`."""
    return tuple(at for at, pattern in enumerate(_WORDS) if pattern.fullmatch(word))


def occurrences(text: str, words: list[str]) -> list[int]:
    """How often each of `KINDS` is named in the text, whose words (in lower case) are given with it."""
    times = [0] * len(KINDS)
    for word in words:
        if len(word) < 40:  # a longer run of letters is no word that is listed, and need not be remembered
            for at in _kinds(word):
                times[at] += 1
    lower = text.lower()
    for at, phrases in enumerate(_PHRASES):
        for phrase in phrases:
            times[at] += lower.count(phrase)
    return times
