"""The packaged PostgreSQL, as a supervised child."""

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil

from workers.embedded.child import Child
from workers.embedded.place import data_folder, programs, service_account

_USER, _DATABASE = "perdure", "perdure"
_READY_SECONDS = 30.0
_END_SECONDS = 10.0
_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=128MB",
    "max_connections=200",
    "timezone=UTC",
    "log_timezone=UTC",
)
_STILL_HELD = "is still in use"
"""What the server says while processes of a killed one hold its shared memory."""


class EmbeddedPostgres:
    """A PostgreSQL under `folder`, on `port` of the loopback, with a random password that is kept there.

    As root it runs as `nobody`, to whom the data directory then belongs. It survives kill -9 of itself and of its parent.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder.resolve()
        self._port = port
        self._child: Child | None = None

    @property
    def dsn(self) -> str:
        """Its `postgresql://` DSN; the password is made where there is none yet."""
        return f"postgresql://{_USER}:{self._password()}@127.0.0.1:{self._port}/{_DATABASE}"

    @property
    def child(self) -> Child:
        """The process. Raises RuntimeError before the first start."""
        if self._child is None:
            raise RuntimeError("PostgreSQL was not started")
        return self._child

    async def start(self) -> str:
        """Initialise where it is new, start, and wait until it answers; its DSN. Raises RuntimeError with the log's end."""
        self._folder.mkdir(parents=True, exist_ok=True)
        data, binaries = data_folder(self._folder), programs(self._folder)
        if not data.exists():
            await asyncio.to_thread(self._initialise, data, binaries)
        await asyncio.to_thread(_end_orphan, data)
        command: list[str | Path] = [binaries / "postgres", "-D", data, "-p", str(self._port)]
        for setting in _SETTINGS:
            command += ["-c", setting]
        self._child = Child(
            "PostgreSQL",
            command,
            log=self._folder / "log",
            environment=_environment(),
            death_signal=signal.SIGINT,
            as_account=service_account(data),
            folder=Path("/"),
        )
        self._child.start()
        await self._until_ready(data)
        return self.dsn

    def stop(self) -> None:
        """A fast shutdown: sessions are ended, everything committed stays."""
        self.child.stop(signal.SIGINT, 15)

    def kill(self) -> None:
        """Kill -9; its own children follow a moment later."""
        self.child.stop(signal.SIGKILL, _END_SECONDS)

    def _password(self) -> str:
        path = self._folder / "password"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24))
        return path.read_text().strip()

    def _initialise(self, data: Path, binaries: Path) -> None:
        """Make the data directory, under another name first, so that a first start which is killed leaves no half of one."""
        making = data.with_name("data.new")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        given = data.with_name("initial-password")
        given.touch(mode=0o600)
        given.write_text(self._password())
        account = service_account(making)
        if account is not None:
            for path in (making, given):
                os.chown(path, account.pw_uid, account.pw_gid)
        options = ["-U", _USER, "-A", "scram-sha-256", "--pwfile", str(given), "-E", "UTF8", "--no-locale"]
        try:
            _run([binaries / "initdb", "-D", making, *options], making)
            _run(
                [binaries / "postgres", "--single", "-D", making, "postgres"], making, f"CREATE DATABASE {_DATABASE}\n"
            )
        finally:
            given.unlink()
        making.rename(data)

    async def _until_ready(self, data: Path) -> None:
        end = time.monotonic() + _READY_SECONDS
        while not _says_ready(data, self.child.pid):
            if time.monotonic() > end:
                raise RuntimeError(
                    f"PostgreSQL did not answer within {_READY_SECONDS:.0f} s: {self.child.last_words()}"
                )
            if not self.child.running:
                if _STILL_HELD not in self.child.last_words():
                    raise RuntimeError(f"PostgreSQL did not start: {self.child.last_words()}")
                await asyncio.sleep(0.1)
                self.child.start()
            await asyncio.sleep(0.02)


def _says_ready(data: Path, pid: int | None) -> bool:
    """The server wrote into its pid file that it accepts connections: line 1 its pid, line 8 the word `ready`.

    This is how `pg_ctl --wait` knows (src/bin/pg_ctl/pg_ctl.c, wait_for_postmaster_start). A connection would cost the
    parent a driver.
    """
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _end_orphan(data: Path) -> None:
    """Stop a server that a killed parent left over this directory, and remove a pid file that names none.

    PostgreSQL refuses to start where the pid lives, even if it is another program's by now.
    """
    pid_file = data / "postmaster.pid"
    with suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        if str(data) in process.cmdline():
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_END_SECONDS)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(_END_SECONDS)
    pid_file.unlink(missing_ok=True)


def _run(command: list[str | Path], data: Path, given: str | None = None) -> None:
    identity: dict[str, object] = {}
    if (account := service_account(data)) is not None:
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    done = subprocess.run(  # noqa: S603 - the commands are our own
        [str(word) for word in command],
        input=given,
        capture_output=True,
        text=True,
        cwd="/",
        env=_environment(),
        check=False,
        **identity,  # type: ignore[call-overload]
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed in {data}: {(done.stderr or done.stdout)[-800:]}")


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
