"""One `perdure up` per data directory, and nothing left over from one that was killed."""

import fcntl
import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil


class DirectoryBusyError(Exception):
    """Another process holds the data directory."""


class DirectoryLock:
    """The lock of a data directory, with the children that its holder started, so that orphans can be found."""

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
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let go of the lock."""
        self._children_path.unlink(missing_ok=True)
        if self._file is not None:
            self._file.close()
            self._file = None

    def note(self, pids: dict[str, int]) -> None:
        """Write down which children live, with their start times, since a pid alone can be reused."""
        rows = {}
        for name, pid in pids.items():
            with suppress(psutil.Error):
                rows[name] = {"pid": pid, "started": psutil.Process(pid).create_time()}
        self._children_path.write_text(json.dumps(rows))

    def end_orphans(self) -> list[str]:
        """Stop what a killed holder left running; their names."""
        if not self._children_path.exists():
            return []
        ended = []
        with suppress(ValueError):
            for name, row in json.loads(self._children_path.read_text()).items():
                if _end(int(row["pid"]), float(row["started"])):
                    ended.append(name)
        self._children_path.unlink(missing_ok=True)
        return ended


def _end(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        if abs(process.create_time() - started) > 1:
            return False
        process.send_signal(signal.SIGINT)
        try:
            process.wait(5)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(5)
    except psutil.Error:
        return False
    return True
