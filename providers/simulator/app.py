"""The simulator as an ASGI app.

`/openai/v1`, `/anthropic` and `/google` are base URLs for the vendors' own clients, `/control` is the control door.
It is plain ASGI: it is also the yardstick of the benchmark, so a call must cost little.
"""

import time
from collections.abc import Callable
from typing import Any

from providers.simulator.anthropic import batches as anthropic_batches
from providers.simulator.anthropic import routes as anthropic
from providers.simulator.batch_door import BatchDoor, BatchRoute
from providers.simulator.connection import BodyTooLargeError, CallerLeftError, Connection, Receive, Send
from providers.simulator.control_door import ControlDoor
from providers.simulator.google import batches as google_batches
from providers.simulator.google import routes as google
from providers.simulator.openai import batches as openai_batches
from providers.simulator.openai import routes as openai
from providers.simulator.serving import Endpoint, Serving, refuse_oversized
from providers.simulator.state import State

_OPENAI, _ANTHROPIC, _CONTROL = "/openai/v1", "/anthropic/v1", "/control/"
_GOOGLE = ("/google/v1beta/", "/google/v1/", "/google/v1alpha/")
"""Google's versions: the client of 2026 asks for v1, older ones for v1beta."""


class SimulatorApp:
    """One simulator. Its state lives as long as the app."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._control = ControlDoor(state)
        self._batches = BatchDoor(state)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        connection = Connection(scope, receive, send)
        try:
            await self._serve(connection)
        except CallerLeftError:
            return
        finally:
            connection.close()

    async def _serve(self, connection: Connection) -> None:
        endpoint = _find(connection)
        if endpoint is None:
            if connection.path.startswith(_CONTROL):
                await self._control.serve(connection)
            elif (route := _find_batches(connection)) is not None:
                await self._batches.serve(connection, route)
            elif connection.path == "/healthz":
                await connection.reply_json(200, {"ok": True})
            else:
                await connection.reply_json(
                    404, {"error": {"message": f"There is no {connection.method} {connection.path} here."}}
                )
            return
        try:
            await Serving(self.state, connection, endpoint).run()
        except BodyTooLargeError:
            await refuse_oversized(connection, endpoint.wire, self.state.clock())


def _find(connection: Connection) -> Endpoint | None:
    method, path = connection.method, connection.path
    if path.startswith(_OPENAI):
        return openai.find(method, path[len(_OPENAI) :])
    if path.startswith(_ANTHROPIC):
        return anthropic.find(method, path[len(_ANTHROPIC) :])
    for version in _GOOGLE:
        if path.startswith(version):
            return google.find(method, path[len(version) - 1 :], events=connection.query().get("alt") == "sse")
    return None


def _find_batches(connection: Connection) -> BatchRoute | None:
    method, path = connection.method, connection.path
    if path.startswith(_OPENAI):
        return openai_batches.find(method, path[len(_OPENAI) :])
    if path.startswith(_ANTHROPIC):
        return anthropic_batches.find(method, path[len(_ANTHROPIC) :])
    for version in _GOOGLE:
        if path.startswith(version):
            return google_batches.find(method, path[len(version) - 1 :])
    return None


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def create_app(*, seed: int = 0, clock: Callable[[], float] = time.time) -> SimulatorApp:
    """A fresh simulator. `seed` changes every text; `clock` gives wall time in seconds."""
    return SimulatorApp(State(seed=seed, clock=clock))
