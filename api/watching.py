"""Around every request: it is counted and timed, and whatever nobody foresaw is logged and answered."""

import time
import traceback
from uuid import uuid4

import structlog
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import answer
from api.metrics import Metrics
from contracts.errors import ErrorKind, PerdureError

_INNERMOST = 8
"""How much of a trace is logged, from where it failed outwards; before that are the frameworks' routes to us."""

log = structlog.get_logger("perdure.api")


class Watched:
    """Plain ASGI, since Starlette's own middleware class would hold back streams."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever happens."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        started = False

        async def counted(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                route = scope["route"].path if "route" in scope else "none"
                self._metrics.requests.labels(route, message["status"]).inc()
                self._metrics.seconds.labels(route).observe(time.perf_counter() - began)
            await send(message)

        with self._metrics.open.track_inprogress():
            try:
                await self._app(scope, receive, counted)
            except Exception as error:
                incident = _log(scope, error)
                if started:
                    # The head is out: all that is left is to break the connection, which the server does.
                    raise _BrokenOffError(incident) from None
                message = f"Something failed on our side; the log has it as {incident}."
                response = answer(Request(scope), PerdureError(ErrorKind.INTERNAL, message))
                await response(scope, receive, counted)


class _BrokenOffError(Exception):
    """An answer that could not be finished, for the server to see; its cause is in the log already."""


def _log(scope: Scope, error: Exception) -> str:
    """Log where it failed, without the error's own words: they may quote what a caller wrote. Its name in the log."""
    incident = uuid4().hex[:12]
    where = "".join(traceback.format_tb(error.__traceback__)[-_INNERMOST:])
    log.error("request failed", incident=incident, path=scope["path"], error=type(error).__name__, where=where)
    return incident
