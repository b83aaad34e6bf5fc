"""`circuit_breakers`: read by everybody, changed under a lock by whoever has something to tell."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind
from contracts.health import Breaker, BreakerKey, Slice

_COLUMNS = """provider, model, credential, state, failures, slices, reason, opened_at, open_until, closed_at, probe_holder,
    probe_until, limited_until"""

# The statements below splice in nothing but the constant above.
_READ = text(f"SELECT {_COLUMNS} FROM circuit_breakers")  # noqa: S608

_KEYS = """SELECT * FROM jsonb_to_recordset(CAST(:keys AS jsonb)) AS k(provider text, model text, credential text)"""

_MAKE = text(f"""
    INSERT INTO circuit_breakers (provider, model, credential, state, failures, updated_at)
    SELECT k.provider, k.model, k.credential, 'closed', 0, clock_timestamp() FROM ({_KEYS}) k
     ORDER BY k.provider, k.model, k.credential
    ON CONFLICT DO NOTHING
""")  # noqa: S608

# In one order everywhere, so that no two processes wait for each other.
_LOCK = text(f"""
    SELECT {_COLUMNS} FROM circuit_breakers
     WHERE (provider, model, credential) IN ({_KEYS}) ORDER BY provider, model, credential FOR UPDATE
""")  # noqa: S608

_SAVE = text("""
    UPDATE circuit_breakers b SET
        state = r.state, failures = r.failures, slices = r.slices, reason = r.reason, opened_at = r.opened_at,
        open_until = r.open_until, closed_at = r.closed_at, probe_holder = r.probe_holder, probe_until = r.probe_until,
        limited_until = r.limited_until, updated_at = clock_timestamp()
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        provider text, model text, credential text, state text, failures int, slices jsonb, reason text, opened_at timestamptz,
        open_until timestamptz, closed_at timestamptz, probe_holder text, probe_until timestamptz, limited_until timestamptz)
     WHERE (b.provider, b.model, b.credential) = (r.provider, r.model, r.credential)
""")

_PURGE = text("DELETE FROM circuit_breakers WHERE state = 'closed' AND updated_at < :before")


@dataclass(frozen=True, slots=True)
class Locked:
    """Breakers held until the transaction ends."""

    breakers: dict[BreakerKey, Breaker]


async def read(connection: AsyncConnection) -> dict[BreakerKey, Breaker]:
    """All breakers that were ever told of."""
    return _by_key(await connection.execute(_READ))


async def lock(connection: AsyncConnection, keys: Collection[BreakerKey], *, make: bool = True) -> Locked:
    """Hold these breakers; `make` those that are missing, closed. Without it they are left out."""
    asked = {"keys": orjson.dumps([_key(key) for key in sorted(set(keys))]).decode()}
    if make:
        await connection.execute(_MAKE, asked)
    return Locked(_by_key(await connection.execute(_LOCK, asked)))


async def save(connection: AsyncConnection, locked: Locked, changed: Sequence[Breaker]) -> None:
    """Keep breakers that `lock` holds. Raises KeyError for one that it does not."""
    if not changed:
        return
    for breaker in changed:
        locked.breakers[breaker.key]
    await connection.execute(_SAVE, {"rows": orjson.dumps([_row(breaker) for breaker in changed]).decode()})


async def purge(connection: AsyncConnection, *, before: datetime) -> int:
    """Drop closed breakers of which nothing was told since `before`; how many."""
    return int((await connection.execute(_PURGE, {"before": before})).rowcount)


def _key(key: BreakerKey) -> dict[str, str]:
    return {"provider": key.provider, "model": key.model, "credential": key.credential}


def _row(breaker: Breaker) -> dict[str, Any]:
    return {
        **_key(breaker.key),
        "state": breaker.state,
        "failures": breaker.failures,
        "slices": [[part.second, part.ok, part.failed] for part in breaker.slices],
        "reason": breaker.reason,
        "opened_at": breaker.opened_at,
        "open_until": breaker.open_until,
        "closed_at": breaker.closed_at,
        "probe_holder": breaker.probe_holder,
        "probe_until": breaker.probe_until,
        "limited_until": breaker.limited_until,
    }


def _by_key(rows: Any) -> dict[BreakerKey, Breaker]:
    found = (_breaker(row) for row in rows)
    return {breaker.key: breaker for breaker in found}


def _breaker(row: Any) -> Breaker:
    return Breaker(
        key=BreakerKey(row.provider, row.model, row.credential),
        state=row.state,
        failures=row.failures,
        slices=tuple(Slice(*part) for part in row.slices),
        reason=None if row.reason is None else ErrorKind(row.reason),
        opened_at=row.opened_at,
        open_until=row.open_until,
        closed_at=row.closed_at,
        probe_holder=row.probe_holder,
        probe_until=row.probe_until,
        limited_until=row.limited_until,
    )
