"""Cursors come back as they went, and nothing else is taken for one."""

import base64
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.paging import decode_moment, decode_place, encode_moment, encode_place, page_limit
from contracts.errors import ErrorKind, PerdureError

ID = UUID("3f0f3ad2-9d0f-4b7e-8a2e-0c5a6f1d2b3c")


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)), st.uuids())  # noqa: DTZ001 hypothesis adds it
def test_moments_come_back(moment: datetime, last_id: UUID) -> None:
    assert decode_moment(encode_moment(moment, last_id)) == (moment, last_id)


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_places_come_back(turn_no: int, position: int) -> None:
    assert decode_place(encode_place(turn_no, position)) == (turn_no, position)


def test_another_zone_is_the_same_moment() -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert decode_moment(encode_moment(moment, ID)) == (moment, ID)


def made_of(*place: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!",
        "äöü",
        "\0",
        made_of(1),
        made_of(1, 2, 3),
        made_of(True, False),
        made_of(1.0, 2),
        made_of(-1, 0),
        made_of(2**31, 0),
        made_of(0, 2**63),
        made_of("2026-03-01T12:00:00", str(ID)),
        made_of("2026-03-01T12:00:00+02:00", str(ID)),
        made_of("2026-03-01T12:00:00+00:00", "not an id"),
        made_of("yesterday", str(ID)),
        base64.urlsafe_b64encode(b'{"a": 1}').decode(),
    ],
)
def test_a_bad_cursor_is_named(cursor: str) -> None:
    for decode in (decode_moment, decode_place):
        with pytest.raises(PerdureError, match="next_cursor") as raised:
            decode(cursor)
        assert (raised.value.kind, raised.value.field) == (ErrorKind.INVALID_REQUEST, "cursor")


@given(st.text())
def test_no_text_breaks_it(cursor: str) -> None:
    for decode in (decode_moment, decode_place):
        with suppress(PerdureError):
            assert len(decode(cursor)) == 2


@pytest.mark.parametrize("limit", [0, -1, 201, 2**70])
def test_a_page_has_bounds(limit: int) -> None:
    with pytest.raises(PerdureError, match="1 to 200"):
        page_limit(limit)
