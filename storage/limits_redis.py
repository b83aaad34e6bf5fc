"""Buckets in Redis or Valkey: one hash per credential, changed by compare and swap."""

from datetime import UTC, datetime
from typing import Any

from contracts.limiting import Bucket
from storage.limits import Change, Told

_CALL_SECONDS = 10.0
_KEPT_SECONDS = 24 * 3600
"""A bucket is full again long before: forgetting it gives nothing away."""


class RedisBuckets:
    """A `BucketStore` at a Redis URL."""

    def __init__(self, url: str) -> None:
        from redis.asyncio import Redis

        self._redis: Any = Redis.from_url(url, socket_timeout=_CALL_SECONDS, socket_connect_timeout=_CALL_SECONDS)

    async def change(self, key: str, change: Change[Told]) -> Told:
        """Replace the bucket, again and again until nobody else did in between. Raises what redis-py raises."""
        from redis.exceptions import WatchError

        name = f"perdure:{{{key}}}:limit"
        async with self._redis.pipeline(transaction=True) as pipe:
            while True:
                try:
                    await pipe.watch(name)
                    after, told = change(_bucket(await pipe.hgetall(name)))
                    pipe.multi()
                    values = {
                        "requests": repr(after.requests),
                        "tokens": repr(after.tokens),
                        "at": after.at.timestamp(),
                    }
                    pipe.hset(name, mapping=values)
                    pipe.expire(name, _KEPT_SECONDS)
                    await pipe.execute()
                except WatchError:
                    continue
                return told

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


def _bucket(fields: dict[bytes, bytes]) -> Bucket | None:
    if not fields:
        return None
    at = datetime.fromtimestamp(float(fields[b"at"]), UTC)
    return Bucket(float(fields[b"requests"]), float(fields[b"tokens"]), at)
