"""Telling turns that wait for a budget that there may be room."""

import asyncio
from collections.abc import Iterable
from uuid import UUID

import structlog
from temporalio.service import RPCError, RPCStatusCode

from api.doors import Doors
from contracts.ids import BUDGET_RAISED_SIGNAL, turn_workflow_id

_SECONDS = 3.0
_AT_ONCE = 50

log = structlog.get_logger("perdure.api")


async def wake(doors: Doors, turn_ids: Iterable[UUID]) -> None:
    """Signal the turns. One that cannot be told looks for itself, within its next poll."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def tell(turn_id: UUID) -> None:
        try:
            async with gate, asyncio.timeout(_SECONDS):
                await doors.temporal.get_workflow_handle(turn_workflow_id(turn_id)).signal(BUDGET_RAISED_SIGNAL)
        except (RPCError, TimeoutError, RuntimeError) as error:
            if not (isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND):
                log.warning("a waiting turn was not told", turn_id=str(turn_id), reason=type(error).__name__)

    await asyncio.gather(*(tell(turn_id) for turn_id in turn_ids))
