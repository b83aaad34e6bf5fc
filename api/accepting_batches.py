"""Accepting a batch and starting its workflow; stopping one."""

import asyncio
import hashlib
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.service import RPCError, RPCStatusCode

from api.batch_lines import BatchRunBody, ReadLine, read_lines
from api.doors import Doors
from api.naming import names_for
from api.rights import within_rights
from api.submitting import TEMPORAL_SECONDS, check_key
from contracts.batches import BatchMode
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import BATCH_CANCELLED_SIGNAL, batch_workflow_id, keyed_batch_id
from contracts.pipelines.plan import PipelinePlan
from domain.runs.inputs import checked_inputs
from storage import artifacts, audit, batch_parts, batches, pipelines, runs
from storage.accepting import accept_turns
from storage.batches import BatchRow, NewItem
from storage.ids import new_id
from storage.keys import ApiKey
from workflows.starting_batches import start_batch

_AWAY = (RPCError, TimeoutError, RuntimeError)

log = structlog.get_logger("perdure.api")


async def accept_batch(
    doors: Doors, key: ApiKey, sent: bytes, *, name: str | None, mode: BatchMode, idempotency_key: str | None
) -> tuple[BatchRow, bool]:
    """Write the batch with its turns and runs, and start its workflow; the batch, and whether it is new.

    One whose start fails is started by the sweeper. Raises `invalid_request` and `not_found` with the line at fault, `conflict`
    where the key was used for another batch.
    """
    check_key(idempotency_key)
    batch_id = new_id() if idempotency_key is None else keyed_batch_id(key.workspace_id, idempotency_key)
    digest = hashlib.sha256(f"{name}\n{mode}\n".encode() + sent).digest()
    async with doors.database.begin() as connection:
        known = idempotency_key is not None and await batches.accepted_before(connection, batch_id, digest)
    if not known:
        names = await names_for(doors, key)
        # Thousands of lines take a second, in which other requests go on.
        lines = await asyncio.to_thread(read_lines, sent, names)
        try:
            async with doors.database.begin() as connection:
                items = await _accepted(connection, doors, key, lines)
                now = doors.clock()
                await batches.accept(
                    connection,
                    items,
                    batch_id=batch_id,
                    workspace_id=key.workspace_id,
                    name=name,
                    mode=mode,
                    digest=digest,
                    idempotency_key=idempotency_key,
                    author=key.prefix,
                    metadata={},
                    now=now,
                )
                await audit.record(
                    connection,
                    workspace_id=key.workspace_id,
                    at=now,
                    actor=key.prefix,
                    action="batch.accepted",
                    subject_id=batch_id,
                    detail={"items": len(items), "mode": mode},
                )
        except PerdureError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
            # The same key was sent twice at once.
            async with doors.database.begin() as connection:
                known = await batches.accepted_before(connection, batch_id, digest)
            if not known:
                raise
    async with doors.database.begin() as connection:
        batch = await batches.find(connection, batch_id)
    if not batch.state.finished:
        await _start(doors, batch)
    return batch, not known


async def cancel_batch(doors: Doors, key: ApiKey, batch: BatchRow) -> None:
    """Stop a batch: recorded, and told to all that work on it. What is answered until then stays, and is paid."""
    async with doors.database.begin() as connection:
        now = doors.clock()
        await batches.request_cancel(connection, batch.id, workspace_id=key.workspace_id, now=now)
        parts = await batch_parts.of(connection, batch.id)
        await audit.record(
            connection,
            workspace_id=key.workspace_id,
            at=now,
            actor=key.prefix,
            action="batch.cancel_requested",
            subject_id=batch.id,
        )
    await asyncio.gather(*(_tell(doors, batch.id, number) for number in (0, *(part.number for part in parts))))


async def _accepted(connection: AsyncConnection, doors: Doors, key: ApiKey, lines: list[ReadLine]) -> list[NewItem]:
    now, items = doors.clock(), list[NewItem]()
    turns = [(new_id(), within_rights(line.turn, key)) for line in lines if line.turn is not None]
    if turns:
        await accept_turns(connection, turns, workspace_id=key.workspace_id, now=now, key_id=key.spends_as)
        doors.metrics.accepted.inc(len(turns))
    ids = iter(turns)
    for line in lines:
        if line.run is not None:
            items.append(NewItem(line.custom_id, run_id=await _accept_run(connection, doors, key, line.run)))
        else:
            items.append(NewItem(line.custom_id, turn_id=next(ids)[0]))
    return items


async def _accept_run(connection: AsyncConnection, doors: Doors, key: ApiKey, body: BatchRunBody) -> UUID:
    run_id, now = new_id(), doors.clock()
    found = await pipelines.find(connection, body.pipeline, workspace_id=key.workspace_id, version=body.version)
    definition = PipelinePlan.model_validate_json(found.plan).definition
    given = checked_inputs(definition, body.input)
    stored = await artifacts.put(connection, given, workspace_id=key.workspace_id, now=now, what="The input")
    await runs.accept(
        connection,
        run_id=run_id,
        workspace_id=key.workspace_id,
        pipeline_id=found.id,
        name=found.name,
        given=stored,
        digest=hashlib.sha256(body.model_dump_json().encode()).digest(),
        author=key.prefix,
        now=now,
        budget=body.budget,
        metadata=body.metadata,
        idempotency_key=None,
    )
    return run_id


async def _start(doors: Doors, batch: BatchRow) -> None:
    try:
        async with asyncio.timeout(TEMPORAL_SECONDS):
            await start_batch(doors.temporal, batch.id, batch.workspace_id)
    except _AWAY as error:
        log.warning("a batch waits for the sweeper", batch_id=str(batch.id), reason=type(error).__name__)


async def _tell(doors: Doors, batch_id: UUID, number: int) -> None:
    try:
        async with asyncio.timeout(TEMPORAL_SECONDS):
            handle = doors.temporal.get_workflow_handle(batch_workflow_id(batch_id, number))
            await handle.signal(BATCH_CANCELLED_SIGNAL)
    except _AWAY as error:
        # Not begun yet, or ended: what is recorded is read before anything is begun.
        if not (isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND):
            log.warning("a part of a batch was not told to stop", batch_id=str(batch_id), reason=type(error).__name__)
