"""The API of a house, served."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import uvicorn

from api.app import create_app
from api.doors import DocumentLimits, Doors
from settings import Settings
from tools.web.reader import read_page
from workers.compose import House, UnreachableError, utc_now


def doors(house: House) -> Doors:
    """The doors of a house."""
    settings = house.settings
    return Doors(
        database=house.database,
        streams=house.streams,
        temporal=house.temporal,
        catalogs=house.catalogs,
        clock=utc_now,
        max_request_bytes=settings.max_request_bytes,
        max_batch_bytes=settings.max_batch_bytes,
        default_model=settings.default_model,
        version=version("perdure"),
        policies=house.policies,
        planner=house.planner,
        price_book=house.price_book,
        tools=house.tools,
        callbacks=settings.callback_secret is not None,
        retriever=house.retriever,
        read_html=read_html,
        documents=DocumentLimits(settings.max_document_bytes, settings.max_documents, settings.max_passages),
    )


def read_html(html: str) -> tuple[str, str]:
    """The title and the text of a page."""
    page = read_page(html)
    return page.title, page.text


@asynccontextmanager
async def serving(house: House, stop: asyncio.Event) -> AsyncIterator[int]:
    """The API, while the block runs; gives its port. `stop` is set where the server ends by itself."""
    settings = house.settings
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(doors(house)),
            host=settings.api_host,
            port=settings.api_port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=max(1, int(settings.shutdown_seconds)),
        )
    )
    # Signals are ours: the worker has to stop after the API and not at the same time.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    running = asyncio.create_task(server.serve())
    running.add_done_callback(lambda _: stop.set())
    try:
        while not server.started and not running.done():  # noqa: ASYNC110 - uvicorn tells it no other way
            await asyncio.sleep(0.01)
        if running.done():
            await _explain(running, settings)
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        with contextlib.suppress(SystemExit):
            await running


async def _explain(running: "asyncio.Task[None]", settings: Settings) -> None:
    from workers.embedded.ports import owner

    with contextlib.suppress(SystemExit, OSError):
        await running
    raise UnreachableError(
        f"The API cannot listen on {settings.api_host}:{settings.api_port}; it is held by {owner(settings.api_port)}. "
        "Set PERDURE_API_PORT."
    )
