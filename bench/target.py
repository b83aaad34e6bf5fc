"""What is measured: a whole Perdure, started as `perdure up` starts it, over the simulator."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI

_VENDOR_KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY")


@dataclass(frozen=True, slots=True)
class Target:
    """A running Perdure. `own_pids` are our processes: neither the servers nor the simulator."""

    url: str
    key: str
    simulator_url: str
    temporal_address: str
    own_pids: tuple[int, ...]
    database_url: str
    opened: list[AsyncOpenAI] = field(default_factory=list)

    def client(self, timeout: float = 60) -> AsyncOpenAI:
        """The official client, pointed at Perdure. Closed by `close`."""
        return self._open(f"{self.url}/v1", self.key, timeout)

    def direct_client(self) -> AsyncOpenAI:
        """The official client, pointed at the simulator."""
        return self._open(f"{self.simulator_url}/openai/v1", "sim-key", 60)

    async def close(self) -> None:
        """Close every client that was opened."""
        while self.opened:
            await self.opened.pop().close()

    def _open(self, base_url: str, key: str, timeout: float) -> AsyncOpenAI:
        client = AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=timeout)
        self.opened.append(client)
        return client


@contextmanager
def running(folder: Path) -> Iterator[Target]:
    """Run `perdure up` with its data under `folder` until the block ends."""
    environment = {name: value for name, value in os.environ.items() if name not in _VENDOR_KEYS}
    environment |= {"PERDURE_DATA_DIR": str(folder), "PERDURE_LOG_LEVEL": "warning"}
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "up", "--json"], stdout=subprocess.PIPE, env=environment, text=True
    )
    try:
        ready = _wait_until_ready(process)
        yield Target(
            url=ready["url"],
            key=ready["key"],
            simulator_url=ready["simulator_url"],
            temporal_address=ready["temporal_address"],
            own_pids=tuple(ready["pids"][name] for name in ("serve",)),
            database_url=json.loads((folder / "state.json").read_text())["database_url"],
        )
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _wait_until_ready(process: "subprocess.Popen[str]") -> dict[str, Any]:
    if process.stdout is None:
        raise RuntimeError("perdure up has no output to read")
    for line in process.stdout:
        event: dict[str, Any] = json.loads(line)
        if event.get("event") == "ready":
            return event
    raise RuntimeError(f"perdure up ended with {process.wait()} before it was ready")
