"""From bytes to JSON values that we can keep: PostgreSQL stores no NUL and no half of a surrogate pair."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from contracts.errors import ErrorKind, PerdureError

DEEPEST = 100
"""How deep objects and lists may be nested. Our own encoder ends at 254."""


def parse_json(body: bytes) -> Any:
    """The value. Raises `invalid_request` with the place for what is not JSON, with the field for what cannot be stored."""
    if not body.strip():
        raise PerdureError(ErrorKind.INVALID_REQUEST, "The request has no body; send JSON.")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _unreadable(body, error) from None
    if b"\\u0000" in body:
        _refuse(value, lambda text: "\0" in text, "a NUL character cannot be stored. Remove it.")
    if body.count(b"{") + body.count(b"[") > DEEPEST and any(depth > DEEPEST for _, _, depth in _walk(value)):
        message = f"The request's body is nested more than {DEEPEST} levels deep."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message)
    return value


def _unreadable(body: bytes, error: orjson.JSONDecodeError) -> PerdureError:
    try:
        text = body.decode()
    except UnicodeDecodeError as broken:
        message = (
            f"The request's body is not UTF-8: byte {broken.start} ({body[broken.start]:#04x}) begins no character."
        )
        return PerdureError(ErrorKind.INVALID_REQUEST, message)
    if b"\\ud" in body.lower():
        try:
            _refuse(json.loads(text), _has_surrogate, "half of a surrogate pair is no character. Remove it.")
        except PerdureError as refused:
            return refused
        except (ValueError, RecursionError):
            pass
    return PerdureError(ErrorKind.INVALID_REQUEST, f"The request's body is not JSON: {error}.")


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _refuse(value: Any, unfit: Callable[[str], bool], why: str) -> None:
    for path, text, _ in _walk(value):
        if text is not None and unfit(text):
            field = ".".join(step for step in path if not unfit(step)) or "body"
            raise PerdureError(ErrorKind.INVALID_REQUEST, f"{field}: {why}", field=field)


def _walk(value: Any) -> Iterator[tuple[tuple[str, ...], str | None, int]]:
    """Everything in a value, names included: (path, text or None, depth). Without recursion, as callers choose the depth."""
    waiting: list[tuple[tuple[str, ...], Any, int]] = [((), value, 0)]
    while waiting:
        path, here, depth = waiting.pop()
        yield path, here if isinstance(here, str) else None, depth
        match here:
            case dict():
                for name, inner in here.items():
                    yield (*path, name), name, depth
                    waiting.append(((*path, name), inner, depth + 1))
            case list():
                waiting += (((*path, str(at)), inner, depth + 1) for at, inner in enumerate(here))
            case _:
                continue
