"""A call under the breakers' eyes: whether it may go through, and what it showed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from activities.errors import failure
from activities.health import Held
from activities.world import World
from contracts.activities import Complete
from contracts.errors import ErrorKind, ProviderError
from contracts.health import BreakerKey, Observed
from contracts.models import ModelRef
from domain.health.judging import shows_life
from domain.retries import GiveUp
from storage import audit, turns


@dataclass(slots=True)
class Watch:
    """One call. Set `seen` to what it showed; None: it ended on our side and showed nothing."""

    seen: Observed | None = field(default=None)


async def let_through(world: World, request: Complete) -> tuple[BreakerKey, ...]:
    """The breakers of which this call is the probe, mostly none.

    Raises Temporal's `ApplicationError` where the candidate is left alone for now and another may be asked. The last candidate is
    asked all the same: the limits of its calls keep it from being hammered.
    """
    model = request.candidate.model
    answer = await world.health.admit(model)
    if not isinstance(answer, Held):
        return answer.probes
    if not request.has_sibling:
        return ()
    until = answer.until.isoformat(timespec="seconds") if answer.until else "it was probed"
    reason = answer.reason or ErrorKind.UNAVAILABLE
    async with world.database.begin() as connection:
        turn = await turns.find(connection, request.turn_id)
        await audit.record(
            connection,
            workspace_id=turn.workspace_id,
            at=world.clock(),
            actor="worker",
            action="candidate.left_alone",
            subject_id=turn.id,
            detail={"model": str(model), "until": until, "kind": reason.value},
        )
    error = ProviderError(
        ErrorKind.UNAVAILABLE,
        f"{model} is left alone until {until}: it failed lately ({reason}).",
        provider=model.provider,
    )
    raise failure(error, GiveUp("its breaker is open"))


@asynccontextmanager
async def watched(world: World, model: ModelRef, probes: tuple[BreakerKey, ...]) -> AsyncIterator[Watch]:
    """Count the call while the block runs, and tell at its end what it showed."""
    watch = Watch()
    world.health.began(model)
    try:
        yield watch
    finally:
        if watch.seen is None:
            world.health.left(model)
        else:
            world.health.observe(watch.seen)
        if probes:
            kind = watch.seen.kind if watch.seen else ErrorKind.CANCELLED
            await world.health.probed(probes, ok=shows_life(kind), kind=kind)
