"""Silence has limits: the first token, the pause between tokens, the whole attempt."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from contracts.errors import ErrorKind, ProviderError
from contracts.events import PartDelta, PartStarted, ProviderEvent
from contracts.turns import Limits


async def within(
    events: AsyncGenerator[ProviderEvent, None], limits: Limits, *, provider: str
) -> AsyncIterator[ProviderEvent]:
    """The events, or `ProviderError(timeout)` once a limit is passed. Closing this closes `events`."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + limits.attempt
    answering = False
    async with aclosing(events):
        while True:
            allowed = limits.idle if answering else limits.first_token
            try:
                async with asyncio.timeout_at(min(loop.time() + allowed, ends)):
                    event = await anext(events)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise _expired(limits, provider, answering=answering, whole=loop.time() >= ends) from None
            answering = answering or isinstance(event, PartDelta | PartStarted)
            yield event


def _expired(limits: Limits, provider: str, *, answering: bool, whole: bool) -> ProviderError:
    if whole:
        what = f"did not finish within {limits.attempt:g} s"
    elif answering:
        what = f"stalled for {limits.idle:g} s in the middle of its answer"
    else:
        what = f"sent no token within {limits.first_token:g} s"
    return ProviderError(ErrorKind.TIMEOUT, f"{provider} {what}.", provider=provider)
