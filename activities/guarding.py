"""A call under the breakers' eyes: whether it may go through, and what it showed."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

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
class Guard:
    """The breakers' eye on one attempt. Set `seen` to what the call showed; None: nobody was called, or it ended on our side."""

    seen: Observed | None = None


@asynccontextmanager
async def guarded(world: World, request: Complete) -> AsyncIterator[Guard]:
    """One attempt; where it is a breaker's probe, the breaker is told at the end what it found.

    Raises Temporal's `ApplicationError` where the candidate is left alone for now and another may be asked. The last candidate is
    asked all the same: the limits of its calls keep it from being hammered.
    """
    probes = await _let_through(world, request)
    guard = Guard()
    try:
        yield guard
    finally:
        if probes:
            kind = guard.seen.kind if guard.seen else ErrorKind.CANCELLED
            await world.health.probed(probes, ok=shows_life(kind), kind=kind)


@contextmanager
def counted(world: World, model: ModelRef, guard: Guard) -> Iterator[None]:
    """One call, in flight while the block runs; at its end others are told what it showed."""
    world.health.began(model)
    try:
        yield
    finally:
        if guard.seen is None:
            world.health.left(model)
        else:
            world.health.observe(guard.seen)


async def _let_through(world: World, request: Complete) -> tuple[BreakerKey, ...]:
    """The breakers of which this call is the probe, mostly none."""
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
