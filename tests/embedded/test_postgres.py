"""The embedded PostgreSQL: what was committed survives everything, and nothing stale keeps it from starting."""

import asyncio
import json
import os
import pwd
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.embedded.accounts import ROOT, environment, run_python
from tests.fixtures.postgres import begun_before
from workers.embedded.place import SERVICE_ACCOUNT
from workers.embedded.ports import any_free
from workers.embedded.postgres import EmbeddedPostgres

pytestmark = pytest.mark.real


async def remember(server: EmbeddedPostgres, value: int) -> None:
    connection = await asyncpg.connect(server.dsn)
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
    await connection.execute("INSERT INTO kept VALUES ($1)", value)
    await connection.close()


async def remembered(server: EmbeddedPostgres) -> list[int]:
    connection = await asyncpg.connect(server.dsn)
    try:
        rows = await connection.fetch("SELECT value FROM kept ORDER BY value")
    finally:
        await connection.close()
    return [row["value"] for row in rows]


async def test_committed_rows_survive_a_stop_and_kill_9(begun: Path) -> None:
    server = EmbeddedPostgres(begun / "postgres", any_free())
    assert await server.start() == server.dsn
    await remember(server, 1)
    server.kill()
    await server.start()
    await remember(server, 2)
    server.stop()
    assert server.child.exit_code == 0
    again = EmbeddedPostgres(begun / "postgres", any_free())
    await again.start()
    assert await remembered(again) == [1, 2]
    again.stop()


async def test_it_wants_its_password_which_only_its_owner_can_read(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "postgres", any_free())
    await server.start()
    try:
        assert stat.S_IMODE((folder / "postgres" / "password").stat().st_mode) == 0o600
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.dsn, password="a guess")
        assert stat.S_IMODE((folder / "postgres" / "data").stat().st_mode) == 0o700
        assert [path.name for path in (folder / "postgres").iterdir() if "initial" in path.name] == []
    finally:
        server.stop()


async def test_it_has_what_the_migrations_need(begun: Path) -> None:
    server = EmbeddedPostgres(begun / "postgres", any_free())
    connection = await asyncpg.connect(await server.start())
    await connection.execute("CREATE EXTENSION vector")
    assert await connection.fetchval("SELECT uuidv7()")
    assert await connection.fetchval("SHOW timezone") == "UTC"
    assert await connection.fetchval("SHOW fsync") == "on"
    await connection.close()
    server.stop()


@pytest.mark.parametrize("line", ["the test's own", "999999999", "not a pid", ""])
async def test_a_stale_pid_file_does_not_keep_it_from_starting(begun: Path, line: str) -> None:
    """Even one whose pid lives, as another program's: here it is that of the test."""
    if line == "the test's own":
        line = str(os.getpid())
    server = EmbeddedPostgres(begun / "postgres", any_free())
    await server.start()
    server.stop()
    data = begun / "postgres" / "data"
    (data / "postmaster.pid").write_text(f"{line}\n{data}\n1700000000\n5432\n\n127.0.0.1\n  0 0\nready   \n")
    await server.start()
    assert server.child.running
    server.stop()


async def test_a_first_start_that_was_killed_leaves_nothing_in_the_way(folder: Path) -> None:
    half = folder / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(folder / "postgres", any_free())
    await server.start()
    await remember(server, 3)
    server.stop()


async def test_a_server_that_somebody_left_over_the_same_data_is_ended_first(begun: Path) -> None:
    first = EmbeddedPostgres(begun / "postgres", any_free())
    await first.start()
    await remember(first, 4)
    second = EmbeddedPostgres(begun / "postgres", any_free())
    await second.start()
    assert not first.child.running
    assert await remembered(second) == [4]
    second.stop()


async def test_a_busy_port_is_told_with_the_servers_own_words(begun: Path) -> None:
    first = EmbeddedPostgres(begun / "postgres", any_free())
    await first.start()
    port = int(first.dsn.rpartition(":")[2].split("/")[0])
    begun_before(begun / "second")
    second = EmbeddedPostgres(begun / "second", port)
    with pytest.raises(RuntimeError, match="Address already in use"):
        await second.start()
    first.stop()


async def test_as_root_it_runs_as_another_account(folder: Path, as_root: None) -> None:
    server = EmbeddedPostgres(folder / "postgres", any_free())
    await server.start()
    assert psutil.Process(server.child.pid).username() == SERVICE_ACCOUNT
    assert (folder / "postgres").stat().st_uid == 0
    server.stop()


async def test_as_root_in_a_folder_that_no_other_account_may_enter(folder: Path, as_root: None) -> None:
    folder.chmod(0o700)
    server = EmbeddedPostgres(folder / "postgres", any_free())
    await server.start()
    await remember(server, 5)
    server.stop()
    link = folder / "postgres" / "data"
    assert link.is_symlink()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert link.resolve().stat().st_uid == pwd.getpwnam(SERVICE_ACCOUNT).pw_uid
    again = EmbeddedPostgres(folder / "postgres", any_free())
    await again.start()
    assert await remembered(again) == [5]
    again.stop()
    # Deleting the folder begins anew, whatever lies where the link led.
    for path in (folder / "postgres").iterdir():
        path.unlink()
    anew = EmbeddedPostgres(folder / "postgres", any_free())
    await anew.start()
    with pytest.raises(asyncpg.UndefinedTableError):
        await remembered(anew)
    anew.stop()


def test_as_an_ordinary_user(folder: Path, as_root: None) -> None:
    folder.chmod(0o777)
    script = textwrap.dedent("""
        import asyncio, sys, os, psutil
        from pathlib import Path
        from workers.embedded.ports import any_free
        from workers.embedded.postgres import EmbeddedPostgres

        server = EmbeddedPostgres(Path(sys.argv[1]), any_free())
        asyncio.run(server.start())
        print(psutil.Process(server.child.pid).uids().real == os.getuid() != 0)
        server.stop()
    """)
    done = run_python(script, str(folder / "own" / "postgres"), as_stranger=True)
    assert done.stdout.strip() == "True", done.stderr


def test_it_ends_with_a_parent_that_is_killed(begun: Path) -> None:
    script = textwrap.dedent("""
        import asyncio, json, sys, time
        from pathlib import Path
        from workers.embedded.ports import any_free
        from workers.embedded.postgres import EmbeddedPostgres
        from workers.embedded.temporal import EmbeddedTemporal

        folder = Path(sys.argv[1])
        postgres = EmbeddedPostgres(folder / "postgres", any_free())
        temporal = EmbeddedTemporal(folder / "temporal", port=any_free(), ui_port=any_free())

        async def start():
            await asyncio.gather(postgres.start(), temporal.start())

        asyncio.run(start())
        print(json.dumps([postgres.child.pid, temporal.child.pid]), flush=True)
        time.sleep(600)
    """)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(begun)],
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        children = [psutil.Process(pid) for pid in json.loads(parent.stdout.readline())]
        parent.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
    server = EmbeddedPostgres(begun / "postgres", any_free())
    asyncio.run(server.start())
    server.stop()
