"""Running the API, a worker, or both in one process."""

import asyncio
import contextlib
import signal

import structlog

from settings import Settings
from storage.database import Database
from storage.migrating import migrate
from workers.compose import UnreachableError, compose
from workers.logs import configure_logs

log = structlog.get_logger("perdure.serve")


async def run_serve(settings: Settings, *, api: bool, worker: bool, migrating: bool) -> None:
    """Serve until SIGINT or SIGTERM; then finish what runs, within the shutdown time."""
    configure_logs(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with compose(settings, with_providers=worker, migrating=migrating) as house:
        async with contextlib.AsyncExitStack() as stack:
            if worker:
                from workers.running import running_worker

                await stack.enter_async_context(running_worker(house))
            if api:
                # A second of processor time, which a worker by itself has no use for.
                from cli.serving import serving

                await stack.enter_async_context(serving(house, stop))
            log.info("ready", api=api, worker=worker)
            await stop.wait()
            log.info("stopping")


async def run_migrate(settings: Settings) -> None:
    """Bring the schema up to date."""
    if settings.database_url is None:
        raise UnreachableError("PERDURE_DATABASE_URL is not set; `perdure up` migrates its own database.")
    database = Database(settings.database_url.get_secret_value())
    try:
        await migrate(database)
    except OSError as error:
        raise UnreachableError(f"PostgreSQL cannot be reached: {error}.") from error
    finally:
        await database.close()
