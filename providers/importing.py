"""SDKs are imported, and their clients built, in a thread, since that takes long; and one at a time.

SDKs share libraries; imported in two threads at once, each can meet the other's half of such a library, which fails the import.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

Built = TypeVar("Built")

_ONE_AT_A_TIME = threading.Lock()


async def built_apart(build: Callable[[], Built]) -> Built:
    """What `build` gives, which imports an SDK or builds its client.

    httpx is imported before, here on the event loop, some 70 ms once: OpenAI's SDK looks at it when it is built and in every call
    (openai/_httpx2.py, `_loaded_legacy_httpx`), and fails where it is half loaded, be it by the loop while a thread builds or the
    other way round.
    """
    import httpx  # noqa: F401

    return await asyncio.to_thread(_alone, build)


def _alone(build: Callable[[], Built]) -> Built:
    with _ONE_AT_A_TIME:
        return build()
