"""`/api/models/stats`, `/health-check` and `/breakers/reset`: what is measured, who is there, what is left alone."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from api.auth import Caller, DoorsOf
from api.bodies import Body
from api.documenting import documented, json_body
from api.doors import Doors
from api.json import json_response
from api.permitting import permit_of
from api.reading import read_body
from contracts.errors import ErrorKind, PerdureError
from contracts.health import Breaker, BreakerKey, Measured, ProcessSums
from contracts.models import ModelRef
from contracts.policies import Learning
from domain.health.breaker import reset
from domain.health.measuring import measured
from domain.health.windows import all_merged
from storage import breakers, performance, provider_checks
from storage.provider_checks import Check

router = APIRouter(prefix="/api/models", tags=["models"])
CHECK_SECONDS = 8.0
"""A check takes five at most, and a worker looks for one twice a second."""
_LOOK_SECONDS = 0.1

_BREAKER = {
    "provider": "sim",
    "model": "sim-down",
    "credential": None,
    "state": "open",
    "reason": "unavailable",
    "failures": 5,
    "opened_at": "2026-03-01T12:00:00+00:00",
    "open_until": "2026-03-01T12:00:15+00:00",
    "limited_until": None,
}
_STATS = {
    "models": [
        {
            "model": "sim:sim-fast",
            "calls": 41.5,
            "in_flight": 2,
            "first_token_p50": 0.021,
            "first_token_p95": 0.05,
            "total": 0.4,
            "tokens_per_second": 180.0,
            "error_rate": 0.02,
            "availability": 0.98,
            "errors": {"overloaded": 0.02},
            "breaker": "closed",
            "open_until": None,
            "limited_until": None,
        }
    ],
    "breakers": [_BREAKER],
}
_CHECKS = {
    "providers": [
        {
            "provider": "sim",
            "credential": None,
            "ok": True,
            "kind": None,
            "message": "sim lists its models",
            "latency": 0.004,
            "checked_at": "2026-03-01T12:00:00+00:00",
            "fresh": True,
        }
    ]
}


class HealthCheckBody(Body):
    """Which providers to ask; without a body or names, all."""

    providers: list[str] | None = Field(default=None, min_length=1, max_length=100)


class ResetBody(Body):
    """Which breaker: a model's at a provider, without `model` the provider's own, or one of its credentials."""

    provider: str = Field(min_length=1, max_length=200)
    model: str = Field(default="", max_length=300)
    credential: str = Field(default="", max_length=200)


@router.get("/stats", responses=documented({200: ("Every model that was called lately.", _STATS)}, errors=(401,)))
async def stats(caller: Caller, doors: DoorsOf, provider: str | None = None) -> Response:
    """What was measured, over all workers and workspaces, in windows that decay; and every breaker that is not at rest.

    Times are in seconds, rates from 0 to 1. `calls` is the decayed number behind the figures.
    """
    now = doors.clock()
    async with doors.database.begin() as connection:
        rows, _ = await performance.read(connection)
        guards = await breakers.read(connection)
    if provider is not None:
        rows = [row for row in rows if row.provider == provider]
        guards = {key: guard for key, guard in guards.items() if key.provider == provider}
    permit = permit_of(doors, caller)
    if not permit.everything:
        catalog = await doors.planner.catalog(caller.workspace_id)

        def allowed(provider: str, model: str) -> bool:
            return not model or permit.allows(catalog.entry(ModelRef(provider=provider, model=model)))

        rows = [row for row in rows if allowed(row.provider, row.model)]
        guards = {key: guard for key, guard in guards.items() if allowed(key.provider, key.model)}
    found = _measured(rows, guards, now, doors.policies.deployment.policy.policy.routing_rules.learning)
    return json_response(
        {
            "models": [{"model": f"{name[0]}:{name[1]}", **_shown(one)} for name, one in sorted(found.items())],
            "breakers": [_breaker(guards[key]) for key in sorted(guards) if _worth_showing(guards[key], now)],
        }
    )


@router.post(
    "/health-check",
    responses=documented({200: ("Every provider's answer, or the last one known.", _CHECKS)}, errors=(400, 401, 404)),
    openapi_extra=json_body(HealthCheckBody, {"providers": ["sim"]}),
)
async def health_check(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Have a worker ask the providers (or those named) whether they are there and take our keys. Nothing is billed.

    Answers when all have answered, within 8 s. `fresh` false: no worker that has this provider answered in time.
    """
    body = HealthCheckBody()
    if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
        body = await read_body(request, HealthCheckBody, limit=doors.max_request_bytes)
    asked = body.providers
    async with doors.database.begin() as connection:
        before = {_name(check): check.checked_at for check in await provider_checks.listed(connection, asked)}
        known = await provider_checks.ask(connection, asked, now=doors.clock())
    if missing := sorted(set(asked or ()) - known):
        raise PerdureError(ErrorKind.NOT_FOUND, f"No worker has a provider {missing[0][:100]!r}.", field="providers")
    found = await _until_fresh(doors, asked, before)
    return json_response(
        {"providers": [_check(check, before[_name(check)]) for check in found if _name(check) in before]}
    )


@router.post(
    "/breakers/reset",
    responses=documented({200: ("The breaker, closed.", {**_BREAKER, "state": "closed"})}, errors=(400, 401, 404)),
    openapi_extra=json_body(ResetBody, {"provider": "sim", "model": "sim-down"}),
)
async def reset_breaker(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Close a breaker and forget what the provider said of its limits. Every worker sees it within a second."""
    body = await read_body(request, ResetBody, limit=doors.max_request_bytes)
    key = BreakerKey(body.provider, body.model, body.credential)
    async with doors.database.begin() as connection:
        locked = await breakers.lock(connection, [key], make=False)
        if key not in locked.breakers:
            raise PerdureError(
                ErrorKind.NOT_FOUND, "There is no such breaker; GET /api/models/stats lists them.", field="provider"
            )
        after = reset(locked.breakers[key], now=doors.clock())
        await breakers.save(connection, locked, [after])
    return json_response(_breaker(after))


def _measured(
    rows: Iterable[ProcessSums], guards: dict[BreakerKey, Breaker], now: datetime, learning: Learning
) -> dict[tuple[str, str], Measured]:
    half_life = learning.half_life_minutes * 60
    by_name: dict[tuple[str, str], list[ProcessSums]] = defaultdict(list)
    for row in rows:
        by_name[row.provider, row.model].append(row)
    for key in guards:
        if key.model:
            by_name.setdefault((key.provider, key.model), [])
    return {
        name: measured(
            all_merged((row.sums for row in own), half_life=half_life),
            [guards[key] for key in (BreakerKey(name[0]), BreakerKey(*name)) if key in guards],
            in_flight=sum(row.in_flight for row in own),
            now=now,
            half_life=half_life,
        )
        for name, own in by_name.items()
    }


async def _until_fresh(
    doors: Doors, providers: list[str] | None, before: dict[tuple[str, str], datetime | None]
) -> list[Check]:
    end = asyncio.get_running_loop().time() + CHECK_SECONDS
    while True:
        async with doors.database.begin() as connection:
            found = await provider_checks.listed(connection, providers)
        fresh = all(check.checked_at != before.get(_name(check)) for check in found)
        if fresh or asyncio.get_running_loop().time() > end:
            return found
        await asyncio.sleep(_LOOK_SECONDS)


def _name(check: Check) -> tuple[str, str]:
    return check.provider, check.credential


def _check(check: Check, before: datetime | None) -> dict[str, Any]:
    return {
        "provider": check.provider,
        "credential": check.credential or None,
        "ok": check.ok,
        "kind": check.kind,
        "message": check.message,
        "latency": check.latency,
        "checked_at": _time(check.checked_at),
        "fresh": check.checked_at != before,
    }


def _shown(one: Measured) -> dict[str, Any]:
    return {
        "calls": round(one.calls, 3),
        "in_flight": one.in_flight,
        "first_token_p50": one.first_token_p50,
        "first_token_p95": one.first_token_p95,
        "total": one.total,
        "tokens_per_second": one.tokens_per_second,
        "error_rate": one.error_rate,
        "availability": one.availability,
        "errors": dict(one.errors),
        "breaker": one.breaker,
        "open_until": _time(one.open_until),
        "limited_until": _time(one.limited_until),
    }


def _breaker(breaker: Breaker) -> dict[str, Any]:
    return {
        "provider": breaker.key.provider,
        "model": breaker.key.model or None,
        "credential": breaker.key.credential or None,
        "state": breaker.state,
        "reason": breaker.reason,
        "failures": breaker.failures,
        "opened_at": _time(breaker.opened_at),
        "open_until": _time(breaker.open_until),
        "limited_until": _time(breaker.limited_until),
    }


def _worth_showing(breaker: Breaker, now: datetime) -> bool:
    limited = breaker.limited_until is not None and breaker.limited_until > now
    return breaker.state != "closed" or breaker.failures > 0 or limited


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
