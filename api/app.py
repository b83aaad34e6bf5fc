"""The ASGI application."""

import time

from fastapi import Request
from fastapi.responses import Response
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import conversations, errors, health, turns
from api.auth import Keyring
from api.doors import Doors
from api.health import Metrics
from api.openai import routes as openai_routes


def create_app(doors: Doors) -> ASGIApp:
    """The application over its doors. Its life (connections, workers) belongs to whoever built the doors."""
    app = FastAPIOffline(
        title="Perdure",
        version=doors.version,
        description="Durable AI turns: answers that survive crashes, fail over, and are paid for once.",
    )
    app.state.doors = doors
    app.state.keyring = Keyring()
    metrics = Metrics()
    errors.install(app)
    for router in (openai_routes.router, conversations.router, turns.router, health.router):
        app.include_router(router)

    @app.get("/metrics", tags=["health"])
    async def read_metrics(_: Request) -> Response:
        """Figures for Prometheus."""
        return health.render(metrics)

    return _Counted(app, metrics)


class _Counted:
    """Counts and times requests. Plain ASGI, since FastAPI's own middleware would hold back streams."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = scope["route"].path if "route" in scope else "none"
                self._metrics.requests.labels(route, message["status"]).inc()
                self._metrics.seconds.labels(route).observe(time.perf_counter() - began)
            await send(message)

        with self._metrics.open.track_inprogress():
            await self._app(scope, receive, counted)
