"""One call of one candidate: events are recorded and folded until the end, a stop, or a failure."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import cast

from temporalio import activity

from activities.bounding import AnswerBound
from activities.deadlines import Silence
from activities.heartbeats import heartbeat_pause
from activities.recording import Recorder
from contracts.errors import ErrorKind, PerdureError, ProviderError
from contracts.events import PartDelta, PartStarted, ProviderEvent
from contracts.requests import ModelRequest
from contracts.turns import Limits
from providers.collect import Collector
from providers.protocol import Provider
from storage.streams.log import Fenced, StreamWriter

_FENCED = "a newer attempt has begun"


@dataclass(slots=True)
class Call:
    """What came of a call. `error` None, `stopped` and `cut` False: the provider finished properly.

    `cut`: the answer grew beyond what was reserved for it, and was left there. `stopped`: somebody asked the turn to stop.
    `abandoned` says why the attempt is no longer ours: this worker shuts down, or Temporal has given it to another.
    """

    collector: Collector
    error: PerdureError | None = None
    stopped: bool = False
    cut: bool = False
    abandoned: str | None = None
    first_token_ms: int | None = None


async def call(
    provider: Provider,
    request: ModelRequest,
    *,
    call_id: str,
    limits: Limits,
    writer: StreamWriter,
    recorder: Recorder,
    stop: asyncio.Event,
    bound: AnswerBound | None = None,
) -> Call:
    """Call the provider and follow its answer. Never raises for what the provider or a stop does."""
    outcome = Call(Collector())
    silence = Silence(limits, provider=provider.config.name)
    reading = asyncio.create_task(_read(provider, request, call_id, silence, writer, recorder, outcome, bound))
    stopping = asyncio.create_task(stop.wait())
    waiting = asyncio.create_task(silence.too_long())
    beating = asyncio.create_task(_beat_until_fenced(writer))
    tasks = {reading, stopping, waiting, beating}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            outcome.stopped = stopping.done()
            outcome.error = waiting.result() if waiting.done() and not outcome.stopped else None
            if beating.done():
                outcome.abandoned = _FENCED
    except asyncio.CancelledError:
        details = activity.cancellation_details()
        outcome.stopped = details is not None and details.cancel_requested
        if not outcome.stopped:
            reasons = [] if details is None else [name for name, holds in asdict(details).items() if holds]
            outcome.abandoned = ", ".join(reasons) or "cancelled"
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    if outcome.error is None and not reading.cancelled() and (error := reading.exception()) is not None:
        _note(outcome, error, provider.config.name)
    return outcome


async def _read(
    provider: Provider,
    request: ModelRequest,
    call_id: str,
    silence: Silence,
    writer: StreamWriter,
    recorder: Recorder,
    outcome: Call,
    bound: AnswerBound | None,
) -> None:
    # A process's first call imports an SDK, which is no silence of the provider's.
    await provider.warm()
    silence.begin()
    began = time.monotonic()
    collector = outcome.collector
    events = cast(AsyncGenerator[ProviderEvent, None], provider.stream(request, call_id=call_id))
    async with aclosing(events):
        async for event in events:
            silence.broken_by(event)
            collector.add(event)
            recorder.add(event)
            if outcome.first_token_ms is None and isinstance(event, PartStarted | PartDelta):
                outcome.first_token_ms = int((time.monotonic() - began) * 1000)
            if writer.fenced:
                raise Fenced
            if bound is not None and bound.used_up(event):
                outcome.cut = True
                return
    if collector.finished is None:
        raise ProviderError(
            ErrorKind.UNAVAILABLE,
            f"{provider.config.name} ended its stream without a finish.",
            provider=provider.config.name,
        )


def _note(outcome: Call, error: BaseException, provider: str) -> None:
    match error:
        case Fenced():
            outcome.abandoned = _FENCED
        case PerdureError():
            outcome.error = error
        case _:
            activity.logger.error("adapter failed", exc_info=error)
            outcome.error = ProviderError(
                ErrorKind.INTERNAL,
                f"The adapter of {provider} failed with {type(error).__name__}; the worker's log has the trace.",
                provider=provider,
            )


async def _beat_until_fenced(writer: StreamWriter) -> None:
    """Tell Temporal that this worker lives, until a newer attempt is seen; the replies carry a cancellation."""
    timeout = activity.info().heartbeat_timeout or timedelta(seconds=5)
    pause = heartbeat_pause(timeout.total_seconds())
    while not writer.fenced:
        activity.heartbeat()
        await asyncio.sleep(pause)
