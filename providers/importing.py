"""One SDK at a time is imported.

SDKs share libraries; imported in two threads at once, each can meet the other's half of such a library, which fails the import.
"""

import threading

ONE_AT_A_TIME = threading.Lock()
"""Held by whoever imports an SDK or builds its client."""


def import_httpx() -> None:
    """Import httpx here and now, some 70 ms once: on the event loop, before any SDK is imported or built in a thread.

    OpenAI's SDK looks at it when it is built and in every call (openai/_httpx2.py, `_loaded_legacy_httpx`), and fails where it
    is half loaded, be it by the loop while a thread builds or the other way round.
    """
    import httpx  # noqa: F401
