"""Accepting a run whose inputs were checked, in the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.pipelines.base import Budget
from contracts.runs import RunState
from storage import artifacts, audit, runs
from storage.pipelines import StoredPipeline
from storage.runs import RunSpender


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run that is wanted. `given` are its inputs, `digest` says what was asked; for the rest see RunRow."""

    id: UUID
    given: Mapping[str, Any]
    digest: bytes
    author: str
    spender: RunSpender
    budget: Budget | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None
    callback_url: str | None = None
    trigger_id: UUID | None = None
    chain: int = 0


async def accept_run(
    connection: AsyncConnection, found: StoredPipeline, asked: NewRun, *, now: datetime
) -> tuple[RunState, bool]:
    """Write the run, or find it: its state, and whether it is new. Raises `conflict` where the id stands for another run."""
    stored = await artifacts.put(
        connection, dict(asked.given), workspace_id=found.workspace_id, now=now, what="The input"
    )
    state, created = await runs.accept(
        connection,
        run_id=asked.id,
        workspace_id=found.workspace_id,
        pipeline_id=found.id,
        name=found.name,
        given=stored,
        digest=asked.digest,
        author=asked.author,
        now=now,
        budget=asked.budget,
        metadata=asked.metadata,
        idempotency_key=asked.idempotency_key,
        spender=asked.spender,
        callback_url=asked.callback_url,
        trigger_id=asked.trigger_id,
        chain=asked.chain,
    )
    if created:
        await audit.record(
            connection,
            workspace_id=found.workspace_id,
            at=now,
            actor=asked.author,
            action="run.accepted",
            subject_id=asked.id,
            detail={
                "pipeline": found.name,
                "version": found.version,
                **({"trigger": str(asked.trigger_id)} if asked.trigger_id else {}),
            },
        )
    return state, created
