"""What providers list themselves, kept for those that may not ask them, and whose turn it is to be asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.catalog import DiscoveredModel
from contracts.errors import PerdureError

CLAIM = timedelta(seconds=60)
"""How long a worker has a provider to itself; after that another may think it dead and ask."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What became of asking a provider. `found_at` is when it last answered; a later `checked_at` with an error kept what was
    found. `requested_at` is when somebody last wished to have it asked.
    """

    provider: str
    requested_at: datetime | None
    checked_at: datetime | None
    found_at: datetime | None
    error_kind: str | None
    error_message: str | None
    models: int

    @property
    def pending(self) -> bool:
        """A wish is not fulfilled yet."""
        return self.requested_at is not None and (self.checked_at is None or self.checked_at < self.requested_at)


_ADD = text("""
    INSERT INTO discoveries (provider) SELECT unnest(CAST(:providers AS text[])) ON CONFLICT DO NOTHING
""")

_CLAIM = text("""
    UPDATE discoveries SET claimed_until = :until
     WHERE provider IN (
        SELECT provider FROM discoveries
         WHERE provider = ANY(CAST(:providers AS text[]))
           AND coalesce(claimed_until <= :now, true)
           AND (checked_at IS NULL
                OR checked_at < requested_at
                OR checked_at <= CASE WHEN error_kind IS NULL THEN CAST(:stale AS timestamptz) ELSE :failed END)
         ORDER BY provider FOR UPDATE SKIP LOCKED)
    RETURNING provider
""")

_FOUND = text("""
    UPDATE discoveries
       SET revision = revision + 1, checked_at = :checked_at, found_at = :checked_at,
           claimed_until = NULL, error_kind = NULL, error_message = NULL
     WHERE provider = :provider
""")

_FAILED = text("""
    UPDATE discoveries
       SET checked_at = :checked_at, claimed_until = NULL, error_kind = :kind, error_message = :message
     WHERE provider = :provider
""")

_DROP = text("DELETE FROM discovered_models WHERE provider = :provider")

_KEEP = text("""
    INSERT INTO discovered_models (provider, position, model)
    SELECT :provider, place - 1, one FROM jsonb_array_elements(CAST(:models AS jsonb)) WITH ORDINALITY AS each(one, place)
""")

_REQUEST = text("""
    INSERT INTO discoveries (provider, requested_at) SELECT unnest(CAST(:providers AS text[])), :now
    ON CONFLICT (provider) DO UPDATE SET requested_at = greatest(discoveries.requested_at, excluded.requested_at)
""")

_STATES = text("""
    SELECT provider, requested_at, checked_at, found_at, error_kind, error_message,
           (SELECT count(*) FROM discovered_models AS one WHERE one.provider = discoveries.provider) AS models
      FROM discoveries ORDER BY provider
""")

_REVISION = text("SELECT coalesce(sum(revision), 0) FROM discoveries")

_MODELS = text("SELECT provider, model FROM discovered_models ORDER BY provider, position")


async def claim(
    connection: AsyncConnection,
    providers: Iterable[str],
    *,
    now: datetime,
    fresh: timedelta,
    retry: timedelta,
) -> list[str]:
    """Those of the providers that are to be asked now, which no other worker asks meanwhile: never asked, asked longer ago than
    `fresh` (or `retry` after a failure), or wished for since.
    """
    named = sorted(providers)
    await connection.execute(_ADD, {"providers": named})
    rows = await connection.execute(
        _CLAIM,
        {"providers": named, "now": now, "until": now + CLAIM, "stale": now - fresh, "failed": now - retry},
    )
    return sorted(row.provider for row in rows)


async def store(
    connection: AsyncConnection, provider: str, models: Sequence[DiscoveredModel], *, checked_at: datetime
) -> None:
    """Keep what a claimed provider listed, instead of what it listed before. `checked_at` is when the asking began."""
    rows = orjson.dumps([model.model_dump(mode="json", exclude_defaults=True) for model in models]).decode()
    await connection.execute(_FOUND, {"provider": provider, "checked_at": checked_at})
    await connection.execute(_DROP, {"provider": provider})
    await connection.execute(_KEEP, {"provider": provider, "models": rows})


async def store_failure(
    connection: AsyncConnection, provider: str, error: PerdureError, *, checked_at: datetime
) -> None:
    """Keep why a claimed provider could not be asked; what it listed before stays."""
    values = {"provider": provider, "checked_at": checked_at, "kind": error.kind.value, "message": error.message}
    await connection.execute(_FAILED, values)


async def request(connection: AsyncConnection, providers: Iterable[str], *, now: datetime) -> None:
    """Wish to have providers asked; a worker does so soon."""
    await connection.execute(_REQUEST, {"providers": sorted(providers), "now": now})


async def states(connection: AsyncConnection) -> list[Discovery]:
    """What became of asking each provider."""
    return [Discovery(**row) for row in (await connection.execute(_STATES)).mappings()]


async def revision(connection: AsyncConnection) -> int:
    """A number that changes whenever `models` may."""
    return int((await connection.execute(_REVISION)).scalar_one())


async def models(connection: AsyncConnection) -> dict[str, tuple[DiscoveredModel, ...]]:
    """What each provider last listed."""
    found: dict[str, list[DiscoveredModel]] = {}
    for row in await connection.execute(_MODELS):
        found.setdefault(row.provider, []).append(DiscoveredModel.model_validate(row.model))
    return {provider: tuple(listed) for provider, listed in found.items()}
