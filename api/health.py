"""Is the process alive, can it serve, and what has it done."""

import asyncio
from collections.abc import Awaitable

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import text

from api.auth import DoorsOf
from api.doors import Doors
from api.json import json_response

router = APIRouter(tags=["health"])
CHECK_SECONDS = 3.0


class Metrics:
    """The API's figures, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "perdure_requests", "Requests by route and status.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "perdure_request_seconds", "Time to the answer's head, by route.", ["route"], registry=self.registry
        )
        self.open = Gauge("perdure_requests_open", "Requests being answered, streams included.", registry=self.registry)


@router.get("/healthz")
async def healthz(doors: DoorsOf) -> Response:
    """The process is alive."""
    return json_response({"status": "alive", "version": doors.version})


@router.get("/readyz")
async def readyz(doors: DoorsOf) -> Response:
    """The database and Temporal can be reached; 503 says which cannot."""
    checks = await asyncio.gather(_checked(_database(doors)), _checked(_temporal(doors)))
    parts = dict(zip(("database", "temporal"), checks, strict=True))
    ready = all(state == "ok" for state in parts.values())
    return json_response({"status": "ready" if ready else "not ready", **parts}, 200 if ready else 503)


async def _checked(check: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check
    except Exception as error:
        return f"cannot be reached ({type(error).__name__})"
    return "ok"


async def _database(doors: Doors) -> None:
    async with doors.database.begin() as connection:
        await connection.execute(text("SELECT 1"))


async def _temporal(doors: Doors) -> None:
    if not await doors.temporal.service_client.check_health():
        raise RuntimeError("unhealthy")


def render(metrics: Metrics) -> Response:
    """The figures as Prometheus reads them."""
    return Response(generate_latest(metrics.registry), media_type="text/plain; version=0.0.4; charset=utf-8")
