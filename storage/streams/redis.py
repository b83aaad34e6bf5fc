"""The log in Redis or Valkey: one Redis stream per turn, and pub/sub between processes.

An entry is a row, and its id is `attempt-seq_last`: Redis itself then keeps a turn's rows in the order of their positions.
Beside the stream stands the newest attempt's number, which every write checks. Keys expire by themselves.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from contracts.streams import Position
from storage.streams.codec import Row
from storage.streams.signals import CHANNEL
from storage.streams.store import Batch, Key, Listener, Outcome

KEPT_SECONDS = 24 * 3600
"""How long after its last write a stream is kept."""

_CALL_SECONDS = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0

_BEGIN = """
local newest = tonumber(redis.call('GET', KEYS[1]) or '0')
if newest < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
return newest
"""

_WRITE = """
local mine = tonumber(ARGV[1])
if tonumber(redis.call('GET', KEYS[2]) or '0') > mine then return 'fenced' end
local top = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if #top > 0 then
  local attempt, seq = string.match(top[1][1], '(%d+)-(%d+)')
  if tonumber(attempt) > mine then return 'fenced' end
  if tonumber(attempt) == mine then
    if tonumber(seq) + 1 ~= tonumber(ARGV[4]) then return 'adrift' end
  elseif ARGV[3] ~= '0' then return 'adrift' end
elseif ARGV[3] ~= '0' then return 'adrift' end
for at = 4, #ARGV, 3 do
  redis.call('XADD', KEYS[1], ARGV[1] .. '-' .. ARGV[at + 1], 'first', ARGV[at], 'records', ARGV[at + 2])
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])
return 'written'
"""

_OUTCOMES = {b"written": Outcome.WRITTEN, b"fenced": Outcome.FENCED, b"adrift": Outcome.ADRIFT}

_log = structlog.get_logger(__name__)


class RedisStore:
    """A `Store` at a Redis URL. Its own attempt keys are the fence; an attempt raises them when it begins."""

    def __init__(self, url: str, *, kept_seconds: int = KEPT_SECONDS) -> None:
        self._url = url
        self._kept = kept_seconds
        self._redis: Any = None
        self._pubsub: Any = None
        self._task: asyncio.Task[None] | None = None
        self._write_sha = ""

    async def start(self, listener: Listener) -> None:
        """Connect; raises what redis-py raises."""
        from redis.asyncio import Redis

        self._redis = Redis.from_url(self._url, socket_timeout=_CALL_SECONDS, socket_connect_timeout=_CALL_SECONDS)
        self._write_sha = await self._redis.script_load(_WRITE)
        self._pubsub = self._redis.pubsub()
        await self._pubsub.subscribe(CHANNEL)
        self._task = asyncio.create_task(self._listen(listener))

    async def aclose(self) -> None:
        """Let go of all connections."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._pubsub is not None:
            await self._pubsub.aclose()
        if self._redis is not None:
            await self._redis.aclose()

    async def begin(self, turn_id: UUID, attempt: int) -> None:
        """Raise the turn's attempt."""
        await self._redis.eval(_BEGIN, 1, _attempt_key(turn_id), attempt, self._kept)

    async def write(self, batches: Sequence[Batch], lines: Sequence[str]) -> Mapping[Key, Outcome]:
        """Append and publish in one pipeline."""
        from redis.exceptions import NoScriptError

        try:
            return await self._write(batches, lines)
        except NoScriptError:
            # The server was restarted, and every batch was refused.
            self._write_sha = await self._redis.script_load(_WRITE)
            return await self._write(batches, lines)

    async def _write(self, batches: Sequence[Batch], lines: Sequence[str]) -> Mapping[Key, Outcome]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for batch in batches:
                rows = [field for row in batch.rows for field in (row.seq_first, row.seq_last, row.records)]
                keys = (_stream_key(batch.turn_id), _attempt_key(batch.turn_id))
                pipe.evalsha(self._write_sha, 2, *keys, batch.attempt, self._kept, batch.previous, *rows)
            for line in lines:
                pipe.publish(CHANNEL, line)
            answers = await pipe.execute()
        return {batch.key: _OUTCOMES[answer] for batch, answer in zip(batches, answers, strict=False)}

    async def last(self, keys: Collection[Key]) -> Mapping[Key, int]:
        """The highest `seq` in the log of each attempt that has any."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for turn_id, attempt in keys:
                pipe.xrevrange(_stream_key(turn_id), max=attempt, min=attempt, count=1)
            answers = await pipe.execute()
        return {
            key: int(entries[0][0].rpartition(b"-")[2]) for key, entries in zip(keys, answers, strict=True) if entries
        }

    async def after(self, positions: Mapping[UUID, Position]) -> list[Row]:
        """The rows that hold anything after each turn's position, each turn's in order."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for turn_id, position in positions.items():
                pipe.xrange(_stream_key(turn_id), min=f"({position.attempt}-{position.seq}")
            answers = await pipe.execute()
        return [_row(turn_id, *entry) for turn_id, entries in zip(positions, answers, strict=True) for entry in entries]

    async def present(self, turn_ids: Collection[UUID]) -> set[UUID]:
        """Which of the turns have anything in the log."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for turn_id in turn_ids:
                pipe.exists(_stream_key(turn_id))
            answers = await pipe.execute()
        return {turn_id for turn_id, there in zip(turn_ids, answers, strict=True) if there}

    async def say(self, lines: Sequence[str]) -> None:
        """Publish to the other processes."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for line in lines:
                pipe.publish(CHANNEL, line)
            await pipe.execute()

    async def purge(self, older_than: datetime) -> int:
        """Nothing to do: keys expire `kept_seconds` after their last write."""
        return 0

    async def _listen(self, listener: Listener) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                message = await self._pubsub.get_message(timeout=_CALL_SECONDS)
            except Exception as error:
                _log.warning("stream notifications are interrupted, reconnecting", error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            match message:
                case {"type": "subscribe"}:
                    # Also after each time that the client had to connect anew.
                    listener.connected()
                case {"type": "message", "data": bytes(data)}:
                    listener.heard(data.decode("ascii", "replace"))


def _stream_key(turn_id: UUID) -> str:
    return f"perdure:{{{turn_id}}}:stream"


def _attempt_key(turn_id: UUID) -> str:
    return f"perdure:{{{turn_id}}}:attempt"


def _row(turn_id: UUID, entry_id: bytes, fields: Mapping[bytes, bytes]) -> Row:
    attempt, _, seq_last = entry_id.partition(b"-")
    return Row(turn_id, int(attempt), int(fields[b"first"]), int(seq_last), fields[b"records"])
