"""A trigger's run, in the transaction in which its occasion is noticed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import PerdureError
from contracts.ids import triggered_run_id
from contracts.pipelines.plan import PipelinePlan
from domain.runs.triggering import check_chain, inputs_of, occasion_digest
from storage import keys, pipelines, triggers
from storage.accepting_runs import NewRun, accept_run
from storage.runs import RunSpender
from storage.triggers import Trigger


async def fire(
    connection: AsyncConnection,
    trigger: Trigger,
    occasion: str,
    names: Mapping[str, Any],
    *,
    now: datetime,
    chain: int = 0,
) -> UUID | None:
    """Accept the run; None where it cannot be: why not is noted with the trigger, for whoever looks at it."""
    try:
        async with connection.begin_nested():
            run_id = await _accepted(connection, trigger, occasion, names, now=now, chain=chain)
    except PerdureError as error:
        await triggers.note(connection, trigger.id, error=error.message, now=now)
        return None
    await triggers.note(connection, trigger.id, run_id=run_id, now=now)
    return run_id


async def _accepted(
    connection: AsyncConnection,
    trigger: Trigger,
    occasion: str,
    names: Mapping[str, Any],
    *,
    now: datetime,
    chain: int,
) -> UUID:
    check_chain(chain)
    if trigger.key_id is not None:
        key = await keys.known(connection, trigger.key_id)
        if key is not None:
            key.check_live(now)
    wish = trigger.asked.run
    found = await pipelines.find(connection, trigger.pipeline, workspace_id=trigger.workspace_id, version=wish.version)
    given = inputs_of(PipelinePlan.model_validate_json(found.plan).definition, wish, names)
    asked = NewRun(
        id=triggered_run_id(trigger.id, occasion),
        given=given,
        digest=occasion_digest(occasion, given),
        author=trigger.author,
        spender=RunSpender(trigger.key_id, wish.user),
        budget=wish.budget,
        metadata=wish.metadata,
        callback_url=wish.callback_url,
        trigger_id=trigger.id,
        chain=chain,
    )
    await accept_run(connection, found, asked, now=now)
    return asked.id
