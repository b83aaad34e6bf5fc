"""`/api/usage`: what was used and what it cost, by whom and for what."""

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api import examples_reports as examples
from api.auth import Caller, DoorsOf
from api.documenting import documented
from api.doors import Doors
from api.json import json_response
from api.showing_routes import usd
from contracts.errors import ErrorKind, PerdureError
from contracts.reports import BY, UsageAsked, UsageLine
from contracts.routing import TaskType
from storage import usage_reports
from storage.keys import ApiKey

router = APIRouter(tags=["usage"])
LONGEST = 3 * 366
"""Days of one report."""
USUAL = 30

First = Annotated[date | None, Query(alias="from", description="The first day, in UTC; else 30 days before the last.")]
Last = Annotated[date | None, Query(alias="to", description="The last day, in UTC; else today.")]
Tags = Annotated[list[str], Query(description="name:value; may be repeated.")]


@router.get(
    "/api/usage",
    responses=documented({200: ("Sums, a line for each combination.", examples.USAGE)}, errors=(400, 401)),
)
async def get_usage(
    caller: Caller,
    doors: DoorsOf,
    first: First = None,
    last: Last = None,
    by: Annotated[str, Query(description=f"Any of {', '.join(BY)} (tag:NAME), by commas.")] = "day",
    provider: str | None = None,
    model: str | None = None,
    task: TaskType | None = None,
    user: str | None = None,
    key: str | None = None,
    tag: Tags = [],  # noqa: B006
    format: Literal["json", "csv"] = "json",
) -> Response:
    """Calls, tokens, time and cost, told apart by what is asked. A call counts on the day (UTC) on which it began."""
    first, last = days(first, last, doors)
    asked = UsageAsked(
        caller.workspace_id,
        first,
        last,
        by=_by(by),
        provider=provider,
        model=model,
        task=task.value if task else None,
        user=user,
        key=key,
        tags=tuple(_tag(one) for one in tag),
    )
    found = await read(doors, asked)
    if format == "csv":
        return _csv(asked.by, found)
    whole = await read(doors, UsageAsked(**{**_fields(asked), "by": ()}))
    shown = {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "by": list(asked.by),
        "total": sums(whole[0] if whole else UsageLine()),
        "lines": [{**labels(asked.by, line), **sums(line)} for line in found],
    }
    return json_response(shown)


@router.get(
    "/api/models/usage",
    responses=documented({200: ("Sums, a line for each model.", examples.MODEL_USAGE)}, errors=(400, 401)),
)
async def get_model_usage(
    caller: Caller,
    doors: DoorsOf,
    days_back: Annotated[int, Query(alias="days", ge=1, le=LONGEST)] = 7,
    model: str | None = None,
) -> Response:
    """What each model was used for in the last days, and what it cost; the dearest first."""
    first, last = days(None, None, doors, usual=days_back)
    asked = UsageAsked(caller.workspace_id, first, last, by=("model",), model=model)
    found = sorted(await read(doors, asked), key=lambda line: (-line.cost, str(line.labels[0])))
    cost = sum(line.cost for line in found)
    shown = [
        {
            **labels(asked.by, line),
            **sums(line),
            "cost_share": round(float(line.cost / cost), 4) if cost else 0.0,
            "success_rate": round(line.completed / line.calls, 4),
            "mean_seconds": round(line.busy_ms / line.calls / 1000, 3),
            "mean_first_token_seconds": round(line.first_token_ms / line.first_tokens / 1000, 3)
            if line.first_tokens
            else None,
        }
        for line in found
    ]
    return json_response({"from": first.isoformat(), "to": last.isoformat(), "models": shown})


def days(first: date | None, last: date | None, doors: Doors, *, usual: int = USUAL) -> tuple[date, date]:
    """The days of a report. Raises PerdureError where they are the wrong way round or too many."""
    last = last or doors.clock().date()
    first = first or last - timedelta(days=usual - 1)
    if first > last:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"from ({first}) is after to ({last}).", field="from")
    if (last - first).days >= LONGEST:
        raise PerdureError(
            ErrorKind.INVALID_REQUEST, f"A report is of {LONGEST} days at most; ask for less.", field="from"
        )
    return first, last


async def read(doors: Doors, asked: UsageAsked) -> list[UsageLine]:
    """The lines of a report."""
    async with doors.database.begin() as connection:
        return await usage_reports.lines(connection, asked)


def labels(by: Sequence[str], line: UsageLine) -> dict[str, Any]:
    """The line's labels by what they say."""
    return {
        name: label.isoformat() if isinstance(label, date) else label
        for name, label in zip(by, line.labels, strict=True)
    }


def sums(line: UsageLine) -> dict[str, Any]:
    """The line's sums. Amounts are USD, as text."""
    return {
        "calls": line.calls,
        "completed": line.completed,
        "failed": line.calls - line.completed,
        "input_tokens": line.input,
        "cache_read_tokens": line.cache_read,
        "cache_write_tokens": line.cache_write,
        "output_tokens": line.output,
        "reasoning_tokens": line.reasoning,
        "total_tokens": line.tokens,
        "cost_usd": usd(line.cost),
        "cost_of_failures_usd": usd(line.cost_lost),
        "cache_savings_usd": usd(line.cache_saved),
        "unpriced_calls": line.unpriced,
        "estimated_calls": line.estimated,
        "simulated_calls": line.simulated,
    }


def key_of(caller: ApiKey) -> str:
    """The caller's key, as reports name it."""
    return str(caller.id)


def _by(said: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in said.split(",") if name.strip()))
    for name in names:
        kind, _, tag = name.partition(":")
        if kind not in BY or (kind == "tag") != bool(tag):
            raise PerdureError(
                ErrorKind.INVALID_REQUEST,
                f"by cannot be {name!r}. There are {', '.join(BY[:-1])} and tag:NAME.",
                field="by",
            )
    return names


def _tag(said: str) -> tuple[str, str]:
    name, parted, value = said.partition(":")
    if not parted or not name:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"tag is written name:value; {said!r} is not.", field="tag")
    return name, value


def _fields(asked: UsageAsked) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in UsageAsked.__slots__}


def _csv(by: Sequence[str], found: Sequence[UsageLine]) -> Response:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([*by, *sums(UsageLine())])
    for line in found:
        writer.writerow([*(_cell(one) for one in labels(by, line).values()), *sums(line).values()])
    return Response(written.getvalue(), media_type="text/csv")


def _cell(label: Any) -> Any:
    """A label as spreadsheets take it: one that begins like a formula is kept from being one."""
    return f"'{label}" if isinstance(label, str) and label[:1] in ("=", "+", "-", "@", "\t", "\r") else label
