"""A report on one user: summary, trends, insights, recommendations."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from api import examples_reports as examples
from api.auth import Caller, DoorsOf
from api.costs import recommended
from api.documenting import documented
from api.json import json_response
from api.showing_routes import usd
from api.usage import First, Last, days, labels, read, sums
from contracts.reports import UsageAsked, UsageLine

router = APIRouter(tags=["usage"])
_MOST = 5
_SLOW_SECONDS = 20.0
_OFTEN_FAILING = 0.05


@router.get(
    "/api/usage/users/{user}/report",
    responses=documented({200: ("The report.", examples.USER_REPORT)}, errors=(400, 401)),
)
async def get_user_report(
    user: str, caller: Caller, doors: DoorsOf, first: First = None, last: Last = None
) -> Response:
    """What a user (the `user` of requests) did in the days, how it went, and what would serve better."""
    first, last = days(first, last, doors)

    def asked(*by: str) -> UsageAsked:
        return UsageAsked(caller.workspace_id, first, last, by=by, user=user)

    whole = next(iter(await read(doors, asked())), UsageLine())
    models = sorted(await read(doors, asked("model")), key=lambda line: (-line.calls, str(line.labels)))
    tasks = sorted(await read(doors, asked("task")), key=lambda line: (-line.calls, str(line.labels)))
    daily = await read(doors, asked("day"))
    found = await recommended(doors, caller, first, last, user=user)
    shown = {
        "user": user,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "summary": {
            **sums(whole),
            "mean_seconds": _seconds(whole),
            "most_used_models": [{**labels(("model",), one), "calls": one.calls} for one in models[:_MOST]],
            "most_used_tasks": [{**labels(("task",), one), "calls": one.calls} for one in tasks[:_MOST]],
        },
        "trends": {
            "days": [
                {
                    **labels(("day",), one),
                    "calls": one.calls,
                    "total_tokens": one.tokens,
                    "cost_usd": usd(one.cost),
                }
                for one in daily
            ],
            "models": [
                {
                    **labels(("model",), one),
                    "calls": one.calls,
                    "success_rate": round(one.completed / one.calls, 4),
                    "mean_seconds": _seconds(one),
                    "cost_usd": usd(one.cost),
                }
                for one in models
            ],
        },
        "insights": _insights(whole, models),
        "recommendations": [
            {"title": one.title, "saving_usd": usd(one.saving), "change": one.change} for one in found[:_MOST]
        ],
    }
    return json_response(shown)


def _seconds(line: UsageLine) -> float | None:
    return round(line.busy_ms / line.calls / 1000, 3) if line.calls else None


def _insights(whole: UsageLine, models: list[UsageLine]) -> list[dict[str, Any]]:
    """What stands out, each with its figures."""
    found: list[dict[str, Any]] = []
    for one in models:
        (model,) = one.labels
        if one.calls - one.completed > _OFTEN_FAILING * one.calls:
            share = (one.calls - one.completed) / one.calls
            said = f"{model} failed {share:.0%} of its calls, which cost {usd(one.cost_lost)} USD."
            found.append({"kind": "failures", "model": model, "text": said})
        if (mean := _seconds(one)) is not None and mean > _SLOW_SECONDS:
            found.append({"kind": "slow", "model": model, "text": f"{model} took {mean:.0f} s for a call on average."})
    if whole.cache_saved:
        said = f"The vendors' prompt caches saved {usd(whole.cache_saved)} USD."
        found.append({"kind": "cache", "model": None, "text": said})
    if whole.unpriced:
        said = f"{whole.unpriced} calls had no known price and count as zero; set prices for their models."
        found.append({"kind": "unpriced", "model": None, "text": said})
    return found
