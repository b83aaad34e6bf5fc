"""Cursors: opaque to the client, checked by us."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import orjson

from contracts.errors import ErrorKind, PerdureError

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200


def encode_cursor(*place: Any) -> str:
    """A cursor for a place in a listing."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def decode_cursor(cursor: str, kinds: Sequence[type]) -> list[Any]:
    """The place that a cursor names. Raises `invalid_request` for anything that we did not make."""
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        place = None
    if (
        not isinstance(place, list)
        or len(place) != len(kinds)
        or not all(type(value) is kind for value, kind in zip(place, kinds, strict=True))
    ):
        raise PerdureError(
            ErrorKind.INVALID_REQUEST,
            "The cursor is not one that a listing gave. Use next_cursor as it came, or leave it out.",
            field="cursor",
        )
    return place


def page_limit(limit: int) -> int:
    """A page's length. Raises `invalid_request` outside 1 to 200."""
    if not 1 <= limit <= LARGEST_LIMIT:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"limit is 1 to {LARGEST_LIMIT}.", field="limit")
    return limit
