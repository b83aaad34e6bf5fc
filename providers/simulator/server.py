"""Running the simulator under uvicorn, with a protocol that can hang up and knows when the caller has."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from providers.simulator.app import SimulatorApp, create_app
from providers.simulator.connection import HANG_UP, IS_GONE

_BACKLOG = 4096


class SimulatorProtocol(HttpToolsProtocol):
    """uvicorn's protocol, whose scope can close the connection and tell whether it is closed."""

    def on_message_begin(self) -> None:
        """Add the extensions to the scope."""
        super().on_message_begin()
        transport = self.transport
        self.scope["extensions"] = {HANG_UP: {"call": transport.close}, IS_GONE: {"call": transport.is_closing}}


class _Server(uvicorn.Server):
    """A server that leaves signals alone and, when it stops, does not wait for calls that hold or stall."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Whoever runs us handles signals."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close every connection, then stop."""
        for connection in list(self.server_state.connections):
            connection.transport.close()
        await super().shutdown(sockets)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `OSError` where the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(_BACKLOG)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound


async def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    seed: int = 0,
    app: SimulatorApp | None = None,
    on_ready: Callable[[int], None] | None = None,
) -> None:
    """Serve until cancelled. `on_ready` is told the port once requests are taken. Raises `OSError` where it is taken."""
    bound = bind(host, port)
    config = uvicorn.Config(
        app or create_app(seed=seed),
        http=SimulatorProtocol,
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        if on_ready is not None:
            # The socket listens already: whoever connects from here on is served.
            on_ready(bound.getsockname()[1])
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving
        bound.close()
