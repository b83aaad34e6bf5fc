"""JSON in what a model wrote: alone, fenced, among words, broken, or not yet whole."""

import json
import re
from dataclasses import dataclass
from typing import Any

_FENCED = re.compile(r"```(?:json)?[ \t]*\r?\n?(.*?)```", re.DOTALL | re.IGNORECASE)
_MAX_REPAIR_CHARS = 500_000
"""Beyond this an answer that is not JSON is not mended: it would take minutes."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value. `repaired`: it did not stand there as it is."""

    value: Any
    repaired: bool


def found_json(text: str) -> Found | None:
    """The JSON in a text, None where there is none. Bare words and numbers count only where they are all that was said."""
    whole = text.strip()
    for candidate, repaired in ((whole, False), *((one.strip(), True) for one in _FENCED.findall(text))):
        parsed = _parsed(candidate)
        if parsed is not None:
            return Found(parsed[0], repaired)
    start = _first_bracket(whole)
    if start is None:
        return None
    among = _among_words(whole[start:])
    if among is not None:
        return Found(among[0], True)
    mended = _mended(whole[start:])
    return None if mended is None else Found(mended[0], True)


def partial_json(text: str) -> Any:
    """What an answer says so far, None where it says nothing yet. Texts and lists in it may go on."""
    import json_repair

    start = _first_bracket(text)
    if start is None or len(text) > _MAX_REPAIR_CHARS:
        return None
    try:
        found = json_repair.loads(text[start:], stream_stable=True)
    except (ValueError, RecursionError):
        return None
    # Of an object that has only begun it sometimes makes a list.
    return found if isinstance(found, dict if text[start] == "{" else list) else None


def _first_bracket(text: str) -> int | None:
    return min((at for mark in "{[" if (at := text.find(mark)) >= 0), default=None)


def _parsed(text: str) -> tuple[Any] | None:
    try:
        return (_storable(json.loads(text, parse_constant=_refuse)),)
    except (ValueError, RecursionError):
        return None


def _among_words(text: str) -> tuple[Any] | None:
    """A value that words follow."""
    try:
        value, _ = json.JSONDecoder(parse_constant=_refuse).raw_decode(text)
        return (_storable(value),)
    except (ValueError, RecursionError):
        return None


def _mended(text: str) -> tuple[Any] | None:
    import json_repair

    if len(text) > _MAX_REPAIR_CHARS:
        return None
    try:
        found = json_repair.loads(text)
        json.dumps(found, allow_nan=False)
        return (_storable(found),) if isinstance(found, dict | list) and found else None
    except (ValueError, RecursionError, TypeError):
        return None


def _storable(value: Any) -> Any:
    """Raises ValueError where PostgreSQL could not hold it: a NUL, or half of a surrogate pair."""
    written = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if "\\u0000" in written:
        raise ValueError("a NUL")
    written.encode()
    return value


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")
