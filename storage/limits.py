"""`rate_limits`: one bucket per credential, changed under a lock. The judgement is handed in: this file knows no arithmetic."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import text

from contracts.limiting import Bucket
from storage.database import Database

Told = TypeVar("Told")
Change = Callable[[Bucket | None], tuple[Bucket, Told]]
"""From the bucket (None: there is none yet) to the next, and what to tell whoever asked. May be called more than once."""


class BucketStore(Protocol):
    """Buckets that all workers share."""

    async def change(self, key: str, change: Change[Told]) -> Told:
        """Replace the bucket by what `change` makes of it, as if nobody else did at the same time."""
        ...

    async def aclose(self) -> None:
        """Let go of connections of its own."""
        ...


_LOCK = text("SELECT requests, tokens, at FROM rate_limits WHERE key = :key FOR UPDATE")
_INSERT = text("""
    INSERT INTO rate_limits (key, requests, tokens, at) VALUES (:key, :requests, :tokens, :at) ON CONFLICT DO NOTHING
""")
_UPDATE = text("UPDATE rate_limits SET requests = :requests, tokens = :tokens, at = :at WHERE key = :key")
# A second of a limit is not worth a disk's flush: after a crash of the database a bucket may be as full as it was.
_RELAXED = text("SET LOCAL synchronous_commit = off")


class PostgresBuckets:
    """Buckets in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def change(self, key: str, change: Change[Told]) -> Told:
        """Replace the bucket in one transaction that holds its row."""
        while True:
            async with self._database.begin() as connection:
                await connection.execute(_RELAXED)
                row = (await connection.execute(_LOCK, {"key": key})).one_or_none()
                after, told = change(None if row is None else Bucket(row.requests, row.tokens, row.at))
                values = {"key": key, "requests": after.requests, "tokens": after.tokens, "at": after.at}
                changed = await connection.execute(_INSERT if row is None else _UPDATE, values)
                if changed.rowcount:
                    return told
            # Another made the bucket, or it was removed, in between.

    async def aclose(self) -> None:
        """Nothing: the database is its owner's."""
