"""The log of a run: whoever reads on from where he was misses nothing, however the writers' transactions overlap."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import run_log
from storage.database import Database
from storage.ids import new_id
from storage.run_log import START, LogMark, LogPage
from tests.storage.scenes import NOW

_APART = text("SET LOCAL session_replication_role = replica")
"""Rows of a log without their run."""


async def write(connection: AsyncConnection, run_id: UUID, name: str) -> None:
    await connection.execute(_APART)
    await run_log.add(connection, run_id, name, {}, now=NOW)


async def read(database: Database, run_id: UUID, mark: LogMark = START, *, limit: int = 500) -> LogPage:
    async with database.begin() as connection:
        return await run_log.after(connection, run_id, mark, limit=limit)


async def told(database: Database, run_id: UUID, *names: str) -> LogPage:
    """The page once it has these: other databases of the server may write meanwhile."""
    async with asyncio.timeout(20):
        while True:
            page = await read(database, run_id)
            if [one.name for one in page.rows] == list(names):
                return page
            await asyncio.sleep(0.01)


async def test_what_commits_late_is_told_before_what_it_overtook(database: Database) -> None:
    run_id = new_id()
    async with database.begin() as slow:
        await write(slow, run_id, "began first")
        async with database.begin() as quick:
            await write(quick, run_id, "began second")
        page = await read(database, run_id)
        assert page.rows == []
        assert page.last > START
    page = await told(database, run_id, "began first", "began second")
    assert page.last == page.rows[-1].mark
    rest = await read(database, run_id, page.rows[0].mark)
    assert [one.name for one in rest.rows] == ["began second"]
    nothing = await read(database, run_id, page.last)
    assert (nothing.rows, nothing.last) == ([], page.last)


async def test_it_is_read_by_pages(database: Database) -> None:
    run_id = new_id()
    async with database.begin() as connection:
        for number in range(5):
            await write(connection, run_id, str(number))
    await told(database, run_id, *"01234")
    mark, found, more = START, list[str](), True
    while more:
        page = await read(database, run_id, mark, limit=2)
        found += [one.name for one in page.rows]
        mark, more = page.last, page.more
    assert found == list("01234")


async def test_a_log_restored_from_another_cluster_is_told(database: Database) -> None:
    run_id = new_id()
    async with database.begin() as connection:
        await write(connection, run_id, "long ago")
        await connection.execute(text("UPDATE run_log SET tx = 1000000000000 WHERE run_id = :id"), {"id": run_id})
    await told(database, run_id, "long ago")


@pytest.mark.parametrize("given", ["", "1", "1.", ".1", "1.2.3", "-1.2", "1.x", f"{'9' * 19}.1"])
def test_only_a_place_in_a_log_is_read(given: str) -> None:
    with pytest.raises(ValueError, match="not one of this stream's"):
        LogMark.parse(given)


def test_a_place_reads_back() -> None:
    assert LogMark.parse(str(LogMark(12, 345))) == LogMark(12, 345)
