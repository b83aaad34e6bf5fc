"""The deployment's policy file: when it changed, what it says, and a copy of what it last said well."""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import structlog

DEFAULT_NAME = "policies.yaml"
_STEP_MS, _DEBOUNCE_MS = 20, 60
"""A file is read once nothing has touched its folder for a step: an editor writes in several strokes."""
_LOOK_SECONDS = 1.0
"""How often the file is looked at where no event came, as on network file systems or through links."""

log = structlog.get_logger("perdure.policies")


class PolicyFile:
    """A file that may come, change and go."""

    def __init__(self, path: Path, *, copies: Path) -> None:
        """`copies` is the folder for the copy; it is made when it is needed."""
        self.path = path.absolute()
        name = hashlib.sha256(str(self.path).encode()).hexdigest()[:8]
        self._copy = copies.absolute() / f"policies-{name}.yaml"
        self._seen: tuple[int, ...] | None = None

    def read(self) -> bytes | None:
        """What the file holds, None where there is none. Raises OSError where it cannot be read."""
        self._seen = self._signature()
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def keep(self, text: bytes) -> None:
        """Remember the text as a good one, for a process that starts while the file is broken."""
        fresh = self._copy.with_name(f"{self._copy.name}.{os.getpid()}")
        try:
            if self._copy.exists() and self._copy.read_bytes() == text:
                return
            self._copy.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(text)
            fresh.replace(self._copy)
        except OSError as error:
            log.warning("no copy of the policy file could be kept", folder=str(self._copy.parent), error=error.strerror)
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)

    def kept(self) -> bytes | None:
        """The text that was last remembered."""
        try:
            return self._copy.read_bytes()
        except OSError:
            return None

    async def changes(self) -> AsyncIterator[None]:
        """Something may have changed. Never ends."""
        from watchfiles import awatch

        while True:
            # The folder and not the file: whoever replaces a file by renaming another would leave the watch on what was.
            with contextlib.suppress(OSError, RuntimeError):
                async for events in awatch(
                    self.path.parent,
                    watch_filter=None,
                    recursive=False,
                    step=_STEP_MS,
                    debounce=_DEBOUNCE_MS,
                    rust_timeout=int(_LOOK_SECONDS * 1000),
                    yield_on_timeout=True,
                ):
                    # Two writes within one tick of the file system's clock look the same, but not without an event.
                    if self._signature() != self._seen or any(Path(path).name == self.path.name for _, path in events):
                        yield
                    if not self.path.parent.is_dir():
                        break
            # The folder is not there, or cannot be watched.
            await asyncio.sleep(_LOOK_SECONDS)
            if self._signature() != self._seen:
                yield

    def _signature(self) -> tuple[int, ...] | None:
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
