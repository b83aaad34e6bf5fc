"""Make any text fit to be judged within its time: no letters without a code, nothing that grows, nothing too long."""

import re
import unicodedata
from typing import Final

PIECES: Final = 110
"""How many word pieces of a request are embedded; 110 take about 7 ms on one core."""

HEAD_SHARE: Final = 0.65
"""Of a long text the beginning says most; the end often holds the question that a pasted text is about."""

LONGEST: Final = 1500
"""How many characters are looked at at all."""

_LETTER: Final = 0.33
_OTHER: Final = 1.0
_JOINT: Final = " … "
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ufeff]")


def clean(text: str, longest: int = LONGEST) -> str:
    """The text's first and last parts, in composed compatibility form, without control characters and lone surrogates.

    Composing before the cut matters: one character may stand for eighteen, and the embedder would compose it afterwards.
    """
    valid = _ends(text, longest).encode("utf-8", "replace").decode("utf-8")
    composed = unicodedata.normalize("NFKC", valid)
    return _UNPRINTABLE.sub(" ", _ends(composed, longest))


def shorten(text: str, pieces: float = PIECES) -> str:
    """The text, or its first and last parts where it would come to more than about `pieces` word pieces."""
    if _reach(text, pieces) == len(text):
        return text
    start = _reach(text, pieces * HEAD_SHARE)
    end = _reach(text[::-1], pieces * (1 - HEAD_SHARE))
    return text[:start] + _JOINT + text[len(text) - end :]


def _ends(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    head = round(longest * HEAD_SHARE)
    return text[:head] + text[len(text) - (longest - head) :]


def _reach(text: str, pieces: float) -> int:
    """How many characters come to `pieces`: about three ASCII letters make one, any other character one at most."""
    spent = 0.0
    for at, character in enumerate(text):
        spent += _LETTER if character.isascii() and (character.isalpha() or character == " ") else _OTHER
        if spent > pieces:
            return at
    return len(text)
