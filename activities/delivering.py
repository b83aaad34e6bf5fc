"""Telling webhooks what is in the outbox: at least once, signed, again and later where nobody took it."""

import asyncio
from datetime import timedelta

import orjson
import structlog

from activities.callbacks import RefusedCallbackError
from activities.world import World
from contracts.tools import ToolError
from domain.webhooks.trying import next_try
from storage import outbox, webhooks
from storage.outbox import Message

BATCH = 20
ANSWER_SECONDS = 20.0
_LEASE = timedelta(seconds=60)
"""How long another worker leaves a message alone that this one has taken on; more than an answer takes."""
_UNSIGNED = "This deployment signs nothing: PERDURE_CALLBACK_SECRET is not set."

log = structlog.get_logger("perdure.webhooks")


async def deliver_due(world: World) -> int:
    """Tell what is due, at most a batch; how many messages were tried."""
    async with world.database.begin() as connection:
        due = await outbox.claim(connection, now=world.clock(), lease=_LEASE, limit=BATCH)
    await asyncio.gather(*(_deliver(world, message) for message in due))
    return len(due)


async def _deliver(world: World, message: Message) -> None:
    problem, gone = await _told(world, message)
    now = world.clock()
    async with world.database.begin() as connection:
        if problem is None:
            await outbox.delivered(connection, message, now=now)
            return
        again = next_try(message.tries, created_at=message.created_at, now=now)
        await outbox.refused(connection, message, error=problem, next_at=None if gone else again, now=now)
        if gone:
            await webhooks.end(connection, message.webhook_id, because=problem, now=now)
            await outbox.end(connection, message.webhook_id, error=problem)
    if gone or again is None:
        log.warning("nobody took a message", webhook=str(message.webhook_id), message=str(message.id), reason=problem)


async def _told(world: World, message: Message) -> tuple[str | None, bool]:
    """What was wrong, None where the message was taken; and whether the address said that it wants no more."""
    if world.callbacks is None:
        return _UNSIGNED, False
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            body = orjson.dumps(message.body)
            await world.callbacks.tell(message.url, f"event_{message.event_id}", body, now=world.clock())
    except RefusedCallbackError as refused:
        return str(refused), refused.final
    except ToolError as unreached:
        return unreached.message, False
    except TimeoutError:
        return f"The address did not answer within {ANSWER_SECONDS:g} s.", False
    return None, False
