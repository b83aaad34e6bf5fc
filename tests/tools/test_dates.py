"""The calendar and the clock."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.tools import ToolOutcome
from tests.tools.calls import NOW, asked, done, refusal, text_of
from tools.calling import call
from tools.dates import DateTool


async def test_now_is_told_in_a_zone() -> None:
    assert await done(DateTool(), zone="Asia/Tokyo") == {
        "at": "2026-11-30T21:00:00+09:00",
        "utc": "2026-11-30T12:00:00+00:00",
        "weekday": "Monday",
        "iso_week": "2026-W49",
        "unix": 1796040000,
    }


@pytest.mark.parametrize(
    ("arguments", "at"),
    [
        ({"at": "2026-01-31", "add": {"months": 1}}, "2026-02-28T00:00:00+00:00"),
        ({"at": "2024-02-29", "add": {"years": 1}}, "2025-02-28T00:00:00+00:00"),
        ({"at": "2026-03-31", "add": {"months": -1, "days": 1}}, "2026-03-01T00:00:00+00:00"),
        ({"at": "2026-03-28T12:00", "zone": "Europe/Berlin", "add": {"days": 1}}, "2026-03-29T12:00:00+02:00"),
        ({"at": "2026-03-28T12:00", "zone": "Europe/Berlin", "add": {"hours": 24}}, "2026-03-29T13:00:00+02:00"),
        ({"at": "2026-01-01T00:30:00-05:00", "zone": "UTC"}, "2026-01-01T05:30:00+00:00"),
    ],
)
async def test_moments_move(arguments: dict[str, Any], at: str) -> None:
    assert (await done(DateTool(), **arguments))["at"] == at


async def test_between_two_moments() -> None:
    told = await done(DateTool(), at="2026-11-30T23:00", until="2026-12-25T01:00", zone="Europe/Paris")
    assert told["until"] == {"seconds": 2_080_800, "days": 2_080_800 / 86_400, "calendar_days": 25}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"zone": "Mars/Base"}, "no time zone 'Mars/Base'"),
        ({"zone": "../../../../etc/passwd"}, "no time zone"),
        ({"zone": "/etc/localtime"}, "no time zone"),
        ({"zone": "Europe"}, "no time zone"),
        ({"at": "tomorrow"}, "no ISO 8601 moment"),
        ({"at": "2026-02-30"}, "no ISO 8601 moment"),
        ({"add": {"years": 9000}}, "beyond the years"),
        ({"add": {"days": 1e6 + 1}}, "greater than the maximum"),
        ({"at": "0001-01-01T00:00", "zone": "Asia/Tokyo"}, "beyond the years"),
    ],
)
async def test_bad_moments_are_said(arguments: dict[str, Any], says: str) -> None:
    assert says in await refusal(DateTool(), **arguments)


@given(
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.dictionaries(st.sampled_from(["years", "months", "days", "hours", "seconds"]), st.integers(-5000, 5000)),
)
def test_any_moment_moves_or_is_refused(at: str, zone: str, add: dict[str, int]) -> None:
    text = json.dumps({"at": at, "zone": zone, "add": add})
    result = asyncio.run(call(DateTool(), asked("date_time", text), now=NOW))
    assert result.outcome is ToolOutcome.OK or "beyond the years" in text_of(result)
