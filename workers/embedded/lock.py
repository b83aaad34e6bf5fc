"""One `perdure up` per data directory, and nothing left over from one that was killed."""

import fcntl
import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

_END_SECONDS = 5.0
_GENTLE = {"postgres": signal.SIGINT}
"""What stops a part fast and cleanly, where that is not SIGTERM."""


class DirectoryBusyError(Exception):
    """Another process holds the data directory."""


class DirectoryLock:
    """The lock of a data directory, with the children that its holder started, so that orphans can be found.

    The kernel drops the lock when its holder ends, however it ends; children do not inherit it.
    """

    def __init__(self, folder: Path) -> None:
        self._lock_path = folder / "lock"
        self._children_path = folder / "children.json"
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock. Raises `DirectoryBusyError` with the holder's pid."""
        file = self._lock_path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise DirectoryBusyError(
                f"Another perdure (pid {holder}) uses {self._lock_path.parent}. Stop it, or set PERDURE_DATA_DIR."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def holder(self) -> int | None:
        """The process that holds the lock now; None where none does."""
        with suppress(FileNotFoundError, ValueError), self._lock_path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return int(file.read())
        return None

    def release(self) -> None:
        """Let go of the lock, once the children have ended."""
        self._children_path.unlink(missing_ok=True)
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None

    def note(self, pids: dict[str, int]) -> None:
        """Write down which children live, with their start times, since a pid alone can be reused."""
        rows = {}
        for name, pid in pids.items():
            with suppress(psutil.Error):
                rows[name] = {"pid": pid, "started": psutil.Process(pid).create_time()}
        # Replaced in one step: a kill in the middle of a write must not lose the list.
        fresh = self._children_path.with_suffix(".new")
        fresh.write_text(json.dumps(rows))
        fresh.replace(self._children_path)

    def end_orphans(self) -> list[str]:
        """Stop what a killed holder left running, all at once, within ten seconds; their names."""
        orphans = self._orphans()
        for name, process in orphans.items():
            with suppress(psutil.Error):
                process.send_signal(_GENTLE.get(name, signal.SIGTERM))
        _, stubborn = psutil.wait_procs(list(orphans.values()), timeout=_END_SECONDS)
        for process in stubborn:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(stubborn, timeout=_END_SECONDS)
        self._children_path.unlink(missing_ok=True)
        return list(orphans)

    def _orphans(self) -> dict[str, psutil.Process]:
        found = {}
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            for name, row in json.loads(self._children_path.read_text()).items():
                with suppress(psutil.Error):
                    process = psutil.Process(int(row["pid"]))
                    if abs(process.create_time() - float(row["started"])) < 1 and process.is_running():
                        found[name] = process
        return found
