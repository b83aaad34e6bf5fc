"""Policies in real processes: killed in the middle of a change, and told of a broken file."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import httpx2
import pytest

from tests.kill.processes import PATIENCE, Processes
from workers.embedded.ports import any_free

pytestmark = [pytest.mark.real, pytest.mark.kill, pytest.mark.timeout(300)]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  another process's log
            await asyncio.sleep(0.01)


async def put(processes: Processes, text: str, expected: int) -> httpx2.Response:
    async with processes.http() as http:
        headers = {"Content-Type": "application/yaml", "If-Match": f'"{expected}"'}
        return await http.put("/api/policies", content=text, headers=headers)


async def in_force(processes: Processes) -> tuple[float | None, int]:
    """The idle limit by which this test tells policies apart, and the workspace's version."""
    async with processes.http() as http:
        shown = (await http.get("/api/policies")).raise_for_status().json()
    return shown["policy"]["limits"]["idle"], shown["workspace"]["number"] if shown["workspace"] else 0


@asynccontextmanager
async def held(dsn: str, table: str) -> AsyncIterator[asyncpg.Connection]:
    """Nobody else writes to the table until the block ends."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            yield connection
    finally:
        await connection.close()


async def until_waiting(connection: asyncpg.Connection, table: str) -> None:
    """Somebody waits for the table."""
    async with asyncio.timeout(PATIENCE):
        waiting = "SELECT count(*) FROM pg_locks WHERE relation = $1::regclass AND NOT granted"
        while not await connection.fetchval(waiting, table):  # noqa: ASYNC110  another process waits
            await asyncio.sleep(0.01)


@pytest.mark.long
@pytest.mark.parametrize("table", ["model_configurations", "audit_log"])
async def test_an_api_that_dies_in_the_middle_of_a_change_has_made_none_of_it(processes: Processes, table: str) -> None:
    processes.start("api", "api", "--migrate")
    await processes.until_ready()
    other = replace(processes, port=any_free())
    other.start("other", "api")
    await other.until_ready()
    assert (await put(processes, "limits: {idle: 1}", 0)).status_code == 201

    # Before its row is written, and between its row and the audit trail's.
    async with held(processes.dsn, table) as connection:
        changing = asyncio.create_task(put(processes, "limits: {idle: 2}", 1))
        await until_waiting(connection, table)
        processes.kill("api")
        with pytest.raises(httpx2.TransportError):
            await changing
    assert await in_force(other) == (1, 1)
    connection = await asyncpg.connect(processes.dsn)
    try:
        # The dead process's transaction is over when the workspace can be locked.
        workspace = await connection.fetchval("SELECT workspace_id FROM model_configurations")
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM workspaces WHERE id = $1 FOR UPDATE", workspace)
            numbers = await connection.fetch("SELECT number FROM model_configurations")
            trail = await connection.fetchval("SELECT count(*) FROM audit_log WHERE action = 'policy.changed'")
    finally:
        await connection.close()
    assert ([row["number"] for row in numbers], trail) == ([1], 1)

    # Sent again as it was, it goes in; and sent once more, as by one whose answer was lost, it makes nothing new.
    assert (await put(other, "limits: {idle: 2}", 1)).json()["number"] == 2
    again = await put(other, "limits: {idle: 2}", 1)
    assert (again.status_code, again.json()["number"], again.json()["new"]) == (200, 2, False)
    processes.start("api again", "api")
    await processes.until_ready()
    assert await in_force(processes) == (2, 2)


@pytest.mark.long
async def test_a_broken_file_is_said_in_the_log_of_every_process(processes: Processes) -> None:
    file = processes.folder / "policies.yaml"
    file.write_text("limits: {idle: 1}")
    processes.environment |= {
        "PERDURE_POLICIES_FILE": str(file),
        "PERDURE_DATA_DIR": str(processes.folder / "data"),
        "PERDURE_LOG_LEVEL": "info",
    }
    processes.start("api", "api", "--migrate")
    processes.start("worker", "worker", "--migrate")
    await processes.until_ready()
    logs = [processes.folder / "api.log", processes.folder / "worker.log"]
    await until(lambda: all('"ready"' in log.read_text() or "ready " in log.read_text() for log in logs))

    file.write_text("limits: {idel: 2}")
    await until(lambda: all("the policy file is not in force" in log.read_text() for log in logs))
    assert all("policies.yaml:1:10: limits.idel: there is no field" in log.read_text() for log in logs)
    assert (await in_force(processes))[0] == 1
    # A process that comes now goes by the last good one.
    processes.kill("api")
    processes.start("api again", "api")
    await processes.until_ready()
    assert (await in_force(processes))[0] == 1
    async with processes.http() as http:
        assert "the policy file is broken" in (await http.get("/readyz")).json()["policies"]
        file.write_text("limits: {idle: 3}")
        async with asyncio.timeout(PATIENCE):
            while (await in_force(processes))[0] != 3:  # noqa: ASYNC110  another process's state
                await asyncio.sleep(0.01)
        assert (await http.get("/readyz")).json()["policies"] == "ok"
