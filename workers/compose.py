"""The composition root: the world is built here, once per process, from settings."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import structlog
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError

from activities.callbacks import Callbacks
from activities.classifying import Classifying
from activities.credentials import SharedCredentials
from activities.health import Health
from activities.limiting import SharedLimiter
from activities.planning import Planner
from activities.retrieving import StoredPassages
from activities.world import World
from contracts.documents import Retriever
from domain.catalog import Catalogs
from domain.pricing import PriceBook, PriceBooks
from providers.protocol import Provider
from settings import Settings
from storage import keys
from storage.database import Database
from storage.limits import PostgresBuckets
from storage.limits_redis import RedisBuckets
from storage.migrating import migrate
from storage.streams.log import StreamLog
from storage.streams.postgres import PostgresStore
from storage.streams.redis import RedisStore
from storage.streams.tiered import TieredStreamLog
from storage.vectors import VectorSearch
from workers.cataloguing import CatalogWatch, build_catalogs
from workers.health import process_name, running_health
from workers.offering import price_lists
from workers.policies.file import DEFAULT_NAME, PolicyFile
from workers.policies.live import LivePolicies
from workers.tooling import Tooling, running_tools

LOCAL_TEMPORAL = "127.0.0.1:7233"
CONNECT_SECONDS = 60.0
"""How long a process waits for Temporal and PostgreSQL to be reachable when it starts."""

log = structlog.get_logger("perdure.compose")


class UnreachableError(Exception):
    """A part that a process needs cannot be reached; the message says which and what to set."""


@dataclass(frozen=True, slots=True)
class House:
    """What a process of Perdure is made of."""

    settings: Settings
    database: Database
    streams: StreamLog
    providers: dict[str, Provider]
    temporal: Client
    catalogs: Catalogs
    policies: LivePolicies
    health: Health
    planner: Planner
    books: PriceBooks
    tools: Tooling
    retriever: Retriever

    def price_book(self, workspace_id: UUID) -> PriceBook:
        """The prices under the policy that is in force for a workspace."""
        return self.books.under(self.policies.effective(workspace_id))

    @property
    def world(self) -> World:
        """What activities work on."""
        return World(
            self.database,
            self.streams,
            self.providers,
            utc_now,
            self.planner,
            self.health,
            price_lists=self.books.lists,
            price_book=self.price_book,
            callbacks=callbacks_of(self.settings),
            tools=self.tools,
            default_model=self.settings.default_model,
            batch_poll=self.settings.batch_poll_seconds,
        )


def utc_now() -> datetime:
    """The present, in UTC: the one clock that is handed to everything."""
    return datetime.now(UTC)


@asynccontextmanager
async def compose(settings: Settings, *, with_providers: bool, migrating: bool = False) -> AsyncIterator[House]:
    """Build a house; it is taken down when the block ends.

    `migrating` brings the schema up to date first. Raises UnreachableError, saying which part cannot be reached and what to set,
    PolicyFileError for a policy file that is not fit to start with, and ToolsFileError for such a tools file.
    """
    if settings.database_url is None:
        raise UnreachableError("PERDURE_DATABASE_URL is not set. Run `perdure up`, or name a PostgreSQL.")
    dsn = settings.database_url.get_secret_value()
    async with AsyncExitStack() as stack:
        database = Database(dsn, pool_size=settings.database_pool)
        stack.push_async_callback(database.close)
        await _reach_database(database)
        if migrating:
            await migrate(database)
        await _add_bootstrap_key(settings, database)
        redis = settings.redis_url
        store = RedisStore(redis.get_secret_value()) if redis else PostgresStore(dsn)
        streams = TieredStreamLog(store)
        await streams.start()
        stack.push_async_callback(streams.aclose)
        policies = LivePolicies(
            database, policy_file(settings), required=settings.policies_file is not None, clock=utc_now
        )
        stack.push_async_callback(policies.aclose)
        await policies.start()
        process = process_name()
        health = Health(database, process=process, clock=utc_now, policy=lambda: policies.deployment.policy.policy)
        buckets = RedisBuckets(redis.get_secret_value()) if redis else PostgresBuckets(database)
        stack.push_async_callback(buckets.aclose)
        limiter = SharedLimiter(buckets)
        providers: dict[str, Provider] = {}
        if with_providers:
            from providers.registry import build

            keeper = SharedCredentials(health, limiter, utc_now)
            providers = build(settings.provider_configs(), keeper=keeper)
            for provider in providers.values():
                stack.push_async_callback(provider.close)
        await stack.enter_async_context(
            running_health(health, limiter, database, providers, process=process, clock=utc_now, probing=with_providers)
        )
        catalogs = build_catalogs(settings, utc_now())
        watching = asyncio.create_task(CatalogWatch(database, catalogs, utc_now).run())
        stack.push_async_callback(_end, watching)
        wires = {config.name: config.wire.partition("-")[0] for config in settings.provider_configs()}
        planner = Planner(catalogs, policies, health.view, Classifying(), wires=wires)
        retriever = StoredPassages(database, VectorSearch(database))
        tools = await stack.enter_async_context(running_tools(settings, retriever))
        temporal = await connect_temporal()
        books = PriceBooks(price_lists(settings.provider_configs()))
        yield House(
            settings,
            database,
            streams,
            providers,
            temporal,
            catalogs,
            policies,
            health,
            planner,
            books,
            tools,
            retriever,
        )


def callbacks_of(settings: Settings) -> Callbacks | None:
    """Who tells results to addresses, None where no secret is set to sign them with."""
    if settings.callback_secret is None:
        return None
    return Callbacks(settings.callback_secret.get_secret_value(), tuple(settings.callback_networks))


def policy_file(settings: Settings) -> PolicyFile:
    """The policy file that settings name, or the one that would be read if it were there."""
    return PolicyFile(settings.policies_file or Path(DEFAULT_NAME), copies=settings.data_dir)


async def connect_temporal(seconds: float = CONNECT_SECONDS, *, default: str | None = None) -> Client:
    """A client of the Temporal that the environment names (TEMPORAL_ADDRESS and so on), else of the one at `default`.

    Waits up to `seconds` for it. Raises UnreachableError with the address.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", default or LOCAL_TEMPORAL)
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            return await Client.connect(**config, data_converter=pydantic_data_converter)
        except (RPCError, RuntimeError) as error:
            if asyncio.get_running_loop().time() > deadline:
                address = config["target_host"]
                raise UnreachableError(f"Temporal at {address} cannot be reached. Check TEMPORAL_ADDRESS.") from error
            await asyncio.sleep(0.2)


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _reach_database(database: Database) -> None:
    deadline = asyncio.get_running_loop().time() + CONNECT_SECONDS
    while True:
        try:
            async with database.engine.connect():
                return
        except Exception as error:
            if asyncio.get_running_loop().time() > deadline:
                raise UnreachableError(
                    f"PostgreSQL cannot be reached ({type(error).__name__}). Check PERDURE_DATABASE_URL."
                ) from error
            await asyncio.sleep(0.2)


async def _add_bootstrap_key(settings: Settings, database: Database) -> None:
    if settings.bootstrap_key is None:
        return
    now = utc_now()
    async with database.begin() as connection:
        workspace_id = await keys.workspace(connection, now=now)
        secret = settings.bootstrap_key.get_secret_value()
        await keys.add(connection, secret, workspace_id=workspace_id, name="bootstrap", now=now)
