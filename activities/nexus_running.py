"""From what a workflow sends by Nexus to a run that is accepted."""

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.ids import keyed_run_id
from contracts.nexus import RunInput
from contracts.pipelines.plan import PipelinePlan
from domain.runs.inputs import checked_inputs
from storage import pipelines
from storage.accepting_runs import NewRun, accept_run
from storage.runs import RunSpender

_ASKED = {"input", "version", "budget", "metadata", "user"}


async def accept_by_nexus(
    connection: AsyncConnection, given: RunInput, *, key: str, workspace_id: UUID, now: datetime
) -> UUID:
    """Write the run that the key names, or find it; its id.

    Raises `not_found`, `invalid_request` for inputs that do not fit, `conflict` where the key was used for another run.
    """
    found = await pipelines.find(connection, given.pipeline, workspace_id=workspace_id, version=given.version)
    definition = PipelinePlan.model_validate_json(found.plan).definition
    # As the door of HTTP says it, so that a key is the same run through either.
    asked = given.model_dump_json(include=_ASKED, exclude_defaults=True)
    run = NewRun(
        id=keyed_run_id(workspace_id, key),
        given=checked_inputs(definition, given.input),
        digest=hashlib.sha256(f"{given.pipeline}\n{asked}".encode()).digest(),
        author="nexus",
        spender=RunSpender(None, given.user),
        budget=given.budget,
        metadata=given.metadata,
        idempotency_key=key,
    )
    await accept_run(connection, found, run, now=now)
    return run.id
