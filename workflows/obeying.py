"""Being told to stop while something of Temporal's is awaited."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from temporalio import workflow

_T = TypeVar("_T")


async def obeying(waiting: Coroutine[Any, Any, _T]) -> _T:
    """Await an activity or a child. Where we are told to stop, it is told, its end is awaited, and CancelledError is raised.

    Awaited directly it may well end as if nothing had been said, and the SDK takes back from our task that it was told anything
    (`task.uncancel`), so that neither we nor `asyncio.timeout` would know.
    """
    task = asyncio.ensure_future(waiting)
    try:
        await workflow.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        await workflow.wait([task])
        if not task.cancelled():
            # Retrieved, so that nobody complains that it was never looked at.
            task.exception()
        raise
    return task.result()
