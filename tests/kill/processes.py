"""Perdure as real processes, to be killed."""

import asyncio
import json
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx2

from providers.simulator.control import Simulator
from tests.fixtures.forked import Forked

PATIENCE = 60.0


@dataclass(slots=True)
class Processes:
    """APIs and workers over one database, one Temporal and the simulator."""

    dsn: str
    temporal_address: str
    simulator: Simulator
    key: str
    port: int
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    live: dict[str, Forked] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str, command: str, *options: str) -> None:
        """Start `perdure COMMAND` under a name of its own."""
        self.start_module(name, "cli", command, *options)

    def start_module(self, name: str, module: str, *options: str) -> None:
        """Start a Python module as a process of Perdure."""
        environment = {
            name: value for name, value in os.environ.items() if not name.endswith("_API_KEY") and "PERDURE" not in name
        }
        environment |= {
            "PERDURE_DATABASE_URL": self.dsn,
            "PERDURE_SIMULATOR_URL": self.simulator.url,
            "PERDURE_BOOTSTRAP_KEY": self.key,
            "PERDURE_API_PORT": str(self.port),
            "PERDURE_SWEEP_SECONDS": "0.5",
            "PERDURE_LOG_LEVEL": "warning",
            "PERDURE_WARM": "false",
            "TEMPORAL_ADDRESS": self.temporal_address,
            **self.environment,
        }
        log = self.folder / f"{name}.log"
        self.live[name] = Forked(module, *options, environment=environment, out=log, err=log)

    def kill(self, name: str) -> None:
        """Kill -9, and wait until the process is gone."""
        process = self.live.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self, name: str) -> None:
        """Ask the process to end, and wait until it has."""
        process = self.live.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(60)

    def end(self) -> None:
        """Stop everything."""
        for name in list(self.live):
            self.kill(name)

    def logs(self) -> str:
        """What the processes said."""
        return "\n".join(f"== {path.name}\n{path.read_text()[-3000:]}" for path in sorted(self.folder.glob("*.log")))

    def http(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=PATIENCE)

    async def until_ready(self) -> None:
        """The API answers, and says that it can serve."""
        async with asyncio.timeout(PATIENCE), self.http() as http:
            while True:
                try:
                    if (await http.get("/readyz")).status_code == httpx2.codes.OK:
                        return
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def ask(self, model: str, text: str, *, key: str | None = None, **fields: Any) -> str:
        """Accept a turn, however often the API has to be asked; its id."""
        headers = {"Idempotency-Key": key} if key else {}
        async with asyncio.timeout(PATIENCE), self.http() as http:
            while True:
                try:
                    answer = await http.post(
                        "/api/turns", json={"model": model, "content": text, **fields}, headers=headers
                    )
                except httpx2.TransportError:
                    assert key, "only a turn with a key may be sent again"
                    await asyncio.sleep(0.1)
                    continue
                if answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
                    await asyncio.sleep(0.1)
                    continue
                assert answer.status_code in (200, 202), answer.text
                return str(answer.json()["id"])

    async def turn(self, turn_id: str) -> dict[str, Any]:
        async with self.http() as http:
            answer: dict[str, Any] = (await http.get(f"/api/turns/{turn_id}")).raise_for_status().json()
            return answer

    async def finished(self, turn_id: str) -> dict[str, Any]:
        """The turn, once it has ended."""
        async with asyncio.timeout(PATIENCE * 2):
            while True:
                try:
                    turn = await self.turn(turn_id)
                    if turn["result"]:
                        return turn
                except (httpx2.TransportError, httpx2.HTTPStatusError):
                    pass
                await asyncio.sleep(0.1)

    async def at_rest(self) -> None:
        """Nothing runs, nothing is open, and the ledger and the provider counted the same calls, breakers' probes aside."""
        connection = await asyncpg.connect(self.dsn)
        try:
            left = await connection.fetchval("SELECT count(*) FROM turns WHERE state IN ('accepted', 'running')")
            rows = await connection.fetch("SELECT turn_id, step, attempt, state FROM model_usage")
        finally:
            await connection.close()
        assert left == 0
        assert [row for row in rows if row["state"] == "open"] == []
        ledger = {f"{row['turn_id']}/{row['step']}/{row['attempt']}": row["state"] for row in rows}
        billed = [call["client_request_id"] for call in self.simulator.calls() if call["billable"]]
        calls = [call for call in billed if not call.startswith("probe/")]
        assert len(calls) == len(set(calls)), "an attempt called twice"
        assert set(calls) - set(ledger) == set(), "calls without a row"
        # A kill and a stop can fall between the row, which is written first, and the call.
        assert {ledger[row] for row in set(ledger) - set(calls)} <= {"interrupted", "cancelled"}


@dataclass(slots=True)
class Reader:
    """A client that follows a turn's events through every loss, and what it holds."""

    processes: Processes
    turn_id: str
    position: str = ""
    text: str = ""
    kinds: list[str] = field(default_factory=list)
    end: dict[str, Any] | None = None
    grown: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self) -> None:
        """Read to the end."""
        async with asyncio.timeout(PATIENCE * 2):
            while self.end is None:
                headers = {"Last-Event-ID": self.position} if self.position else {}
                try:
                    async with self.processes.http() as http:
                        path = f"/api/turns/{self.turn_id}/events"
                        async with http.stream("GET", path, headers=headers) as events:
                            await self._read(events)
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def until(self, characters: int) -> None:
        """Wait until so much text is here."""
        async with asyncio.timeout(PATIENCE):
            while len(self.text) < characters:
                self.grown.clear()
                await self.grown.wait()

    async def _read(self, events: httpx2.Response) -> None:
        name = ""
        async for line in events.aiter_lines():
            if line.startswith("id: "):
                assert self._later(line[4:]), f"{line} after {self.position}"
                self.position = line[4:]
            elif line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                self._apply(name, json.loads(line[6:]))

    def _later(self, position: str) -> bool:
        def place(text: str) -> tuple[int, int]:
            attempt, _, seq = text.partition(".")
            return int(attempt), int(seq)

        return not self.position or place(position) > place(self.position)

    def _apply(self, name: str, data: dict[str, Any]) -> None:
        self.kinds.append(name)
        match name:
            case "reset":
                self.text = ""
            case "continue":
                self.text = self.text[: data["keep_chars"]]
            case "text":
                self.text += data["text"]
            case "part" if data["part"]["type"] == "text":
                self.text = data["part"]["text"]
            case "end":
                self.end = data
            case _:
                pass
        self.grown.set()
