"""Dropping what nobody asks for any more, in pieces that hold nobody up."""

from datetime import datetime

from activities.world import World
from storage import outbox, purging
from storage.purging import KEEP

_BATCH = 5_000


async def purge(world: World, now: datetime) -> int:
    """Drop settled reservations, windows that are over, and messages that were told, all older than `KEEP`; how many rows."""
    before, dropped = now - KEEP, 0
    for drop in (purging.purge_reservations, purging.purge_windows):
        while True:
            async with world.database.begin() as connection:
                count = await drop(connection, before=before, limit=_BATCH)
            dropped += count
            if count < _BATCH:
                break
    async with world.database.begin() as connection:
        return dropped + await outbox.purge(connection, before=before)
