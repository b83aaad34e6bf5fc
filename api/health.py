"""Is the process alive, can it serve, and what has it done."""

import asyncio
from collections.abc import Awaitable
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import text

from api.auth import DoorsOf
from api.documenting import documented
from api.doors import Doors
from api.json import json_response

router = APIRouter(tags=["health"])
CHECK_SECONDS = 3.0
_NOBODY = UUID(int=0)

_READY = {"status": "ready", "database": "ok", "temporal": "ok", "streams": "ok", "policies": "ok"}
_AWAY = {**_READY, "status": "not ready", "temporal": "cannot be reached (RPCError)"}


@router.get("/healthz", responses=documented({200: ("Alive.", {"status": "alive", "version": "0.1.0"})}))
async def healthz(doors: DoorsOf) -> Response:
    """The process is alive. Nothing else is asked, so that an orchestrator does not restart us for another's fault."""
    return json_response({"status": "alive", "version": doors.version})


@router.get("/readyz", responses=documented({200: ("Ready.", _READY), 503: ("Not ready.", _AWAY)}))
async def readyz(doors: DoorsOf) -> Response:
    """The database, Temporal and the stream log can be reached; 503 says which cannot.

    A broken policy file is told here and changes nothing: the last good one is in force.
    """
    checks = {"database": _database(doors), "temporal": _temporal(doors), "streams": _streams(doors)}
    states = await asyncio.gather(*(_checked(check) for check in checks.values()))
    parts = dict(zip(checks, states, strict=True))
    ready = all(state == "ok" for state in states)
    status = "ready" if ready else "not ready"
    return json_response({"status": status, **parts, "policies": _policies(doors)}, 200 if ready else 503)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(doors: DoorsOf) -> Response:
    """Figures for Prometheus."""
    return Response(doors.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _checked(check: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check
    except Exception as error:
        return f"cannot be reached ({type(error).__name__})"
    return "ok"


def _policies(doors: Doors) -> str:
    """Without a key nobody is shown what the problems are; `GET /api/policies` shows it to those who have one."""
    found = doors.policies.problems
    file = sum(1 for problem in found if problem.workspace_id is None)
    parts = [f"the policy file is broken (errors: {file})"] if file else []
    others = len({problem.workspace_id for problem in found} - {None})
    if others:
        parts.append(f"policies of workspaces do not fit the policy file (workspaces: {others})")
    return f"{' and '.join(parts)}; the last good one is in force" if parts else "ok"


async def _database(doors: Doors) -> None:
    async with doors.database.begin() as connection:
        await connection.execute(text("SELECT 1"))


async def _temporal(doors: Doors) -> None:
    if not await doors.temporal.service_client.check_health():
        raise ConnectionError


async def _streams(doors: Doors) -> None:
    await doors.streams.exists(_NOBODY)
