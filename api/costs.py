"""`/api/costs`: where costs are going, what would make them less, and what they would have been."""

import difflib
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field
from starlette.requests import Request

from api import examples_reports as examples
from api.auth import Caller, DoorsOf
from api.bodies import Body
from api.documenting import documented, json_body
from api.doors import Doors
from api.json import json_response
from api.reading import read_body
from api.replaying import replay
from api.showing_routes import usd
from api.usage import First, Last, days, labels, read, sums
from contracts.reports import UsageAsked, UsageLine
from contracts.routing import Strategy
from domain.policies.merging import merged
from domain.policies.writing import dumped
from domain.reports.recommending import Recommendation, Repeats, recommendations
from domain.reports.trend import trend
from domain.yaml.writing import to_yaml
from storage import past_turns
from storage.keys import ApiKey

router = APIRouter(prefix="/api/costs", tags=["usage"])
LOOK_BACK = 62
"""Days that a trend and a projection of the month look at."""


class WhatIfBody(Body):
    """`policy` is a fragment that is laid over the one in force; `strategy` stands for `routing_rules.strategy`.

    Past turns that named their models keep them, unless `free` lets routing choose for them too.
    """

    first: date | None = Field(default=None, alias="from")
    last: date | None = Field(default=None, alias="to")
    strategy: Strategy | None = None
    policy: dict[str, Any] = {}
    free: bool = False
    sample: Annotated[int, Field(ge=1, le=5_000)] = 500


@router.get(
    "/analytics",
    responses=documented({200: ("Trend, projection, breakdown.", examples.ANALYTICS)}, errors=(400, 401)),
)
async def get_analytics(caller: Caller, doors: DoorsOf, first: First = None, last: Last = None) -> Response:
    """The costs of the days: their trend, what the month comes to, what they are for, what caches saved, what failures cost."""
    first, last = days(first, last, doors)
    today = doors.clock().date()
    daily = await _daily(doors, caller, today)
    whole = await read(doors, UsageAsked(caller.workspace_id, first, last))
    found = trend(daily, today=today)
    breakdown = {}
    for name in ("model", "provider", "task", "user", "key"):
        lines = await read(doors, UsageAsked(caller.workspace_id, first, last, by=(name,)))
        breakdown[name] = [{**labels((name,), line), **_brief(line)} for line in _dearest(lines)]
    by_day = await read(doors, UsageAsked(caller.workspace_id, first, last, by=("day",)))
    shown = {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "total": sums(whole[0] if whole else UsageLine()),
        "trend": {
            "mean_day_usd": usd(found.a_day),
            "change": None if found.change is None else round(float(found.change), 4),
            "days": [{**labels(("day",), line), "cost_usd": usd(line.cost)} for line in by_day],
        },
        "projection": {
            "month": today.strftime("%Y-%m"),
            "to_date_usd": usd(found.month_to_date),
            "projected_usd": usd(found.month_projected),
        },
        "breakdown": breakdown,
    }
    return json_response(shown)


@router.get(
    "/recommendations",
    responses=documented({200: ("What would cost less.", examples.RECOMMENDATIONS)}, errors=(400, 401)),
)
async def get_recommendations(
    caller: Caller,
    doors: DoorsOf,
    first: First = None,
    last: Last = None,
    most: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Response:
    """Changes of the policy that would have made the same work cheaper, each with its evidence, its saving and its diff.

    `change` is a fragment to lay over the workspace's policy; `policy` is the whole of it then, fit for `PUT /api/policies`.
    """
    first, last = days(first, last, doors)
    found = await recommended(doors, caller, first, last)
    return json_response(
        {
            "from": first.isoformat(),
            "to": last.isoformat(),
            "recommendations": [_shown(one, doors, caller) for one in found[:most]],
        }
    )


@router.post(
    "/what-if",
    responses=documented({200: ("What past turns would have cost.", examples.WHAT_IF)}, errors=(400, 401)),
    openapi_extra=json_body(WhatIfBody, examples.WHAT_IF_BODY),
)
async def what_if(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Plan past turns again under another strategy, price list or policy, and price what they used. Nobody is called.

    At most `sample` turns of the days are taken, spread evenly; the amounts are of these.
    """
    body = await read_body(request, WhatIfBody, limit=doors.max_request_bytes)
    first, last = days(body.first, body.last, doors)
    over = body.policy
    if body.strategy is not None:
        over = merged(over, {"routing_rules": {"strategy": body.strategy}})
    found = await replay(doors, caller, over, *_times(first, last), most=body.sample, free=body.free)
    return json_response(
        {
            "from": first.isoformat(),
            "to": last.isoformat(),
            "turns": found.turns,
            "moved": found.moved,
            "refused": found.refused,
            "unpriced": found.unpriced,
            "cost_usd": usd(found.cost),
            "what_if_usd": usd(found.other_cost),
            "saving_usd": usd(found.cost - found.other_cost),
            "models": found.models,
        }
    )


async def recommended(
    doors: Doors, caller: ApiKey, first: date, last: date, *, user: str | None = None
) -> list[Recommendation]:
    """What would cost less, by the days' ledger; `user` looks at one user's calls."""
    asked = UsageAsked(caller.workspace_id, first, last, by=("task", "model"), user=user)
    lines = await read(doors, asked)
    repeated: list[Repeats] = []
    if user is None:
        since, until = _times(first, last)
        async with doors.database.begin() as connection:
            rows = await past_turns.repeats(connection, caller.workspace_id, since=since, until=until)
        repeated = [Repeats(*row) for row in rows]
    rules = doors.policies.effective(caller.workspace_id).policy.routing_rules
    return recommendations(
        lines,
        repeated,
        await doors.planner.catalog(caller.workspace_id),
        doors.price_book(caller.workspace_id),
        preferred=rules.task_preferences,
        at=doors.clock(),
    )


async def _daily(doors: Doors, caller: ApiKey, today: date) -> dict[date, Decimal]:
    asked = UsageAsked(caller.workspace_id, today - timedelta(days=LOOK_BACK), today, by=("day",))
    found: dict[date, Decimal] = defaultdict(Decimal)
    for line in await read(doors, asked):
        (day,) = line.labels
        if isinstance(day, date):
            found[day] = line.cost
    return found


def _shown(one: Recommendation, doors: Doors, caller: ApiKey) -> dict[str, Any]:
    now = dumped(doors.policies.effective(caller.workspace_id).policy, only_set=True)
    before, after = to_yaml(now), to_yaml(merged(now, one.change))
    diff = difflib.unified_diff(before.splitlines(), after.splitlines(), "policy", "changed", lineterm="")
    return {
        "kind": one.kind,
        "title": one.title,
        "evidence": {name: usd(value) if isinstance(value, Decimal) else value for name, value in one.evidence.items()},
        "saving_usd": usd(one.saving),
        "change": one.change,
        "diff": "\n".join(diff),
        "policy": after,
    }


def _brief(line: UsageLine) -> dict[str, Any]:
    kept = ("calls", "total_tokens", "cost_usd", "cost_of_failures_usd", "cache_savings_usd")
    return {name: value for name, value in sums(line).items() if name in kept}


def _dearest(lines: list[UsageLine], most: int = 20) -> list[UsageLine]:
    return sorted(lines, key=lambda line: (-line.cost, str(line.labels)))[:most]


def _times(first: date, last: date) -> tuple[datetime, datetime]:
    return datetime.combine(first, time(), UTC), datetime.combine(last + timedelta(days=1), time(), UTC)
