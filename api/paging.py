"""Cursors: opaque to the client, checked by us."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from contracts.errors import ErrorKind, PerdureError

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200
_INT4 = 2**31


def encode_moment(moment: datetime, last_id: UUID) -> str:
    """A cursor for the place after (moment, id) in a listing by time."""
    return _encode(moment.astimezone(UTC).isoformat(), str(last_id))


def decode_moment(cursor: str) -> tuple[datetime, UUID]:
    """The place that `encode_moment` encoded. Raises `invalid_request` for anything that we did not make."""
    moment, last_id = _decode(cursor, (str, str))
    try:
        at = datetime.fromisoformat(moment)
        place = at, UUID(last_id)
    except ValueError:
        raise _foreign() from None
    if at.tzinfo is not UTC:
        raise _foreign()
    return place


def encode_place(turn_no: int, position: int) -> str:
    """A cursor for the place after a message in its conversation."""
    return _encode(turn_no, position)


def decode_place(cursor: str) -> tuple[int, int]:
    """The place that `encode_place` encoded. Raises `invalid_request` for anything that we did not make."""
    turn_no, position = _decode(cursor, (int, int))
    if not (0 <= turn_no < _INT4 and 0 <= position < _INT4):
        raise _foreign()
    return turn_no, position


def encode_name(name: str) -> str:
    """A cursor for the place after something that is listed by its name."""
    return _encode(name)


def decode_name(cursor: str) -> str:
    """The name that `encode_name` encoded. Raises `invalid_request` for anything that we did not make."""
    (name,) = _decode(cursor, (str,))
    return str(name)


def encode_shelved(collection: str, name: str) -> str:
    """A cursor for the place after something that is listed by its collection and name."""
    return _encode(collection, name)


def decode_shelved(cursor: str) -> tuple[str, str]:
    """The place that `encode_shelved` encoded. Raises `invalid_request` for anything that we did not make."""
    collection, name = _decode(cursor, (str, str))
    return str(collection), str(name)


def page_limit(limit: int) -> int:
    """A page's length. Raises `invalid_request` outside 1 to 200."""
    if not 1 <= limit <= LARGEST_LIMIT:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"limit is 1 to {LARGEST_LIMIT}.", field="limit")
    return limit


def _encode(*place: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def _decode(cursor: str, kinds: Sequence[type]) -> list[Any]:
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        raise _foreign() from None
    if not isinstance(place, list) or [type(value) for value in place] != list(kinds):
        raise _foreign()
    return place


def _foreign() -> PerdureError:
    return PerdureError(
        ErrorKind.INVALID_REQUEST,
        "The cursor is not one that a listing gave. Use next_cursor as it came, or leave it out.",
        field="cursor",
    )
