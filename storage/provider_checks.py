"""`provider_checks`: when each provider was last asked whether it is there, and by whom it is asked next.

The table is also the queue: whoever wants an answer moves `due_at` forward, and one worker takes what is due.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

LEASE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Check:
    """The last check of a provider's credential. `ok` None: it was never checked. `latency` is in seconds."""

    provider: str
    credential: str
    ok: bool | None
    kind: str | None
    message: str | None
    latency: float | None
    checked_at: datetime | None


_ENTER = text("""
    INSERT INTO provider_checks (provider, credential, due_at)
    SELECT p, c, :due_at FROM unnest(CAST(:providers AS text[]), CAST(:credentials AS text[])) AS u(p, c)
    ON CONFLICT DO NOTHING
""")

_ASK = text("""
    UPDATE provider_checks SET due_at = least(due_at, :now)
     WHERE CAST(:providers AS text[]) IS NULL OR provider = ANY(CAST(:providers AS text[]))
    RETURNING provider
""")

# Only what this process can ask: another may have other providers.
_TAKE = text("""
    UPDATE provider_checks c SET holder = :holder, held_until = CAST(:now AS timestamptz) + :lease
      FROM (SELECT provider, credential FROM provider_checks
             WHERE due_at <= :now AND (held_until IS NULL OR held_until < :now)
               AND (provider, credential) IN
                   (SELECT * FROM unnest(CAST(:providers AS text[]), CAST(:credentials AS text[])))
             ORDER BY due_at FOR UPDATE SKIP LOCKED) AS due
     WHERE (c.provider, c.credential) = (due.provider, due.credential)
    RETURNING c.provider, c.credential
""")

_KEEP = text("""
    UPDATE provider_checks
       SET ok = :ok, kind = :kind, message = :message, latency = :latency, checked_at = :now, due_at = :due_at,
           holder = NULL, held_until = NULL
     WHERE provider = :provider AND credential = :credential AND holder = :holder
""")

_LIST = text("""
    SELECT provider, credential, ok, kind, message, latency, checked_at FROM provider_checks
     WHERE CAST(:providers AS text[]) IS NULL OR provider = ANY(CAST(:providers AS text[])) ORDER BY provider, credential
""")


async def enter(connection: AsyncConnection, pairs: Collection[tuple[str, str]], *, due_at: datetime) -> None:
    """Name (provider, credential) pairs that are to be checked from `due_at` on; those known already stay as they are."""
    await connection.execute(_ENTER, {**_columns(pairs), "due_at": due_at})


async def ask(connection: AsyncConnection, providers: Sequence[str] | None, *, now: datetime) -> set[str]:
    """Have these checked as soon as a worker can, or all; which of them are known."""
    rows = await connection.execute(_ASK, {"providers": providers, "now": now})
    return {row.provider for row in rows}


async def take(
    connection: AsyncConnection, pairs: Collection[tuple[str, str]], *, holder: str, now: datetime
) -> list[tuple[str, str]]:
    """Of `pairs` those that are due and nobody else's: they are `holder`'s until they are kept, or for 15 s."""
    rows = await connection.execute(_TAKE, {**_columns(pairs), "holder": holder, "now": now, "lease": LEASE})
    return [(row.provider, row.credential) for row in rows]


async def keep(connection: AsyncConnection, check: Check, *, holder: str, now: datetime, due_at: datetime) -> None:
    """What a check found. Nothing is kept where another took it over."""
    await connection.execute(
        _KEEP,
        {
            "provider": check.provider,
            "credential": check.credential,
            "ok": check.ok,
            "kind": check.kind,
            "message": check.message,
            "latency": check.latency,
            "holder": holder,
            "now": now,
            "due_at": due_at,
        },
    )


async def listed(connection: AsyncConnection, providers: Sequence[str] | None = None) -> list[Check]:
    """The last checks, by provider."""
    rows = await connection.execute(_LIST, {"providers": providers})
    return [
        Check(row.provider, row.credential, row.ok, row.kind, row.message, row.latency, row.checked_at) for row in rows
    ]


def _columns(pairs: Collection[tuple[str, str]]) -> dict[str, Any]:
    return {"providers": [provider for provider, _ in pairs], "credentials": [credential for _, credential in pairs]}
