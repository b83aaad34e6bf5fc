"""The tool that knows the calendar and the clock."""

import calendar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from contracts.tools import ToolDefinition, ToolEffects, ToolError
from tools.protocol import Arguments, CallContext, ToolOutput

_LENGTHS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
_MAX_LENGTH = 1_000_000


class DateTool:
    """A moment in a time zone, moved by a length, or measured to another."""

    definition = ToolDefinition(
        name="date_time",
        description=(
            "Tell the time, convert it between time zones, add or subtract a length, or measure to another moment. "
            "`at` is ISO 8601 and by default now; without an offset it is read in `zone`. Lengths may be negative."
        ),
        parameters={
            "type": "object",
            "properties": {
                "at": {"type": "string", "maxLength": 40},
                "zone": {
                    "type": "string",
                    "maxLength": 60,
                    "description": "An IANA name such as Europe/Paris; by default UTC",
                },
                "add": {
                    "type": "object",
                    "properties": {
                        name: {"type": "integer", "minimum": -_MAX_LENGTH, "maximum": _MAX_LENGTH} for name in _LENGTHS
                    },
                    "additionalProperties": False,
                },
                "until": {"type": "string", "maxLength": 40, "description": "Measure from `at` to this moment"},
            },
            "additionalProperties": False,
        },
        effects=ToolEffects(retry="safe", timeout=5),
    )

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        """The moment, its weekday, ISO week and, where asked, what lies between."""
        zone = _zone(arguments.get("zone", "UTC"))
        moment = _moment(arguments["at"], zone, "at") if "at" in arguments else context.now.replace(microsecond=0)
        try:
            moment = _added(moment.astimezone(zone), arguments.get("add", {}))
            data = _told(moment)
            if "until" in arguments:
                data["until"] = _between(moment, _moment(arguments["until"], zone, "until"))
        except (OverflowError, ValueError):
            raise ToolError("That leads beyond the years 1 to 9999.") from None
        return ToolOutput(data=data)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        # ZoneInfo itself refuses names that lead out of the database.
        raise ToolError(
            f"There is no time zone {name!r}. Use an IANA name such as Europe/Paris.", field="zone"
        ) from None


def _moment(text: str, zone: ZoneInfo, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ToolError(f"{text!r} is no ISO 8601 moment, such as 2026-11-30T14:00.", field=field) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _added(moment: datetime, lengths: dict[str, int]) -> datetime:
    """Years to days move the wall clock, as people mean it; hours and less are elapsed time, also where clocks change."""
    months = moment.year * 12 + moment.month - 1 + lengths.get("years", 0) * 12 + lengths.get("months", 0)
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    wall = moment.replace(year=year, month=month + 1, day=day)
    wall += timedelta(weeks=lengths.get("weeks", 0), days=lengths.get("days", 0))
    elapsed = timedelta(
        hours=lengths.get("hours", 0), minutes=lengths.get("minutes", 0), seconds=lengths.get("seconds", 0)
    )
    return (wall.astimezone(UTC) + elapsed).astimezone(moment.tzinfo) if elapsed else wall


def _told(moment: datetime) -> dict[str, object]:
    week = moment.isocalendar()
    return {
        "at": moment.isoformat(),
        "utc": moment.astimezone(UTC).isoformat(),
        "weekday": calendar.day_name[moment.weekday()],
        "iso_week": f"{week.year}-W{week.week:02}",
        "unix": int(moment.timestamp()),
    }


def _between(start: datetime, end: datetime) -> dict[str, object]:
    seconds = int((end - start).total_seconds())
    return {
        "seconds": seconds,
        "days": seconds / 86_400,
        "calendar_days": (end.astimezone(start.tzinfo).date() - start.date()).days,
    }
