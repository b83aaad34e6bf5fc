"""`perdure up`: everything on this machine, as supervised children of one process."""

import asyncio
import json
import os
import secrets
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from settings import Settings
from workers.embedded.child import Child
from workers.embedded.lock import DirectoryBusyError, DirectoryLock
from workers.embedded.ports import choose
from workers.embedded.postgres import EmbeddedPostgres
from workers.embedded.temporal import EmbeddedTemporal
from workers.upshow import Announcement, announce

READY_SECONDS = 60.0
_RESTARTS, _RESTART_WINDOW = 5, 60.0
_WATCH_SECONDS = 0.3
_PORTS = {"postgres": 54329, "temporal": 7233, "temporal_ui": 8233, "simulator": 8399}


class UpError(Exception):
    """The house could not be brought up; the message says why and what to do."""


@dataclass(slots=True)
class _Part:
    """A part that is kept alive: how to start it again, and how often that was needed lately."""

    name: str
    child: Callable[[], Child]
    start: Callable[[], Awaitable[object]]
    stop: Callable[[], None]
    restarts: list[float]


class Up:
    """The parent of the house."""

    def __init__(self, settings: Settings, *, as_json: bool, local_model: bool) -> None:
        self._settings = settings
        self._as_json = as_json
        self._local_model = local_model
        self._console = Console(highlight=False)
        self._folder = settings.data_dir.resolve()
        self._lock = DirectoryLock(self._folder)
        self._parts: list[_Part] = []
        self._environment = dict(os.environ)
        self._notes: list[str] = []

    async def run(self) -> None:
        """Start everything, tell how to use it, keep it alive until SIGINT or SIGTERM, stop everything."""
        began = time.monotonic()
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except DirectoryBusyError as error:
            raise UpError(str(error)) from None
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        try:
            for name in self._lock.end_orphans():
                self._notes.append(f"Stopped {name}, which a killed perdure had left running.")
            announcement = await self._start(stop)
            if announcement is not None:
                announce(announcement, time.monotonic() - began, self._console, as_json=self._as_json)
                await self._watch(stop)
        finally:
            self._stop_all()
            self._lock.release()

    async def _start(self, stop: asyncio.Event) -> Announcement | None:
        ports = self._ports()
        simulated = not self._settings.vendor_configs() and not self._local_model
        key = _development_key(self._folder)
        url = f"http://{self._settings.api_host}:{ports['api']}"
        database_url = self._postgres(ports["postgres"])
        temporal_address, ui = self._temporal(ports["temporal"], ports["temporal_ui"])
        simulator_url = self._settings.simulator_url
        if simulated and simulator_url is None:
            simulator_url = f"http://127.0.0.1:{ports['simulator']}"
            self._program("simulator", ["-m", "cli", "simulator", "--port", str(ports["simulator"])])
        if self._local_model:
            self._add_local_model()
        self._environment |= {
            "PERDURE_DATABASE_URL": database_url,
            "TEMPORAL_ADDRESS": temporal_address,
            "PERDURE_BOOTSTRAP_KEY": key,
            "PERDURE_API_PORT": str(ports["api"]),
            **({"PERDURE_SIMULATOR_URL": simulator_url} if simulator_url else {}),
        }
        self._program("serve", ["-m", "cli", "serve", "--migrate"])
        await asyncio.gather(*(part.start() for part in self._parts))
        self._note_children()
        if not await self._until_ready(f"{url}/readyz", stop):
            return None
        _write_state(self._folder, {"url": url, "key": key, "database_url": database_url, "temporal": temporal_address})
        return Announcement(
            url=url,
            ui=ui,
            key=key,
            simulator_url=simulator_url if simulated else None,
            temporal_address=temporal_address,
            folder=str(self._folder),
            model=self._example_model(simulated),
            notes=tuple(self._notes),
            pids={part.name: part.child().pid or 0 for part in self._parts},
        )

    def _ports(self) -> dict[str, int]:
        wanted = {**_PORTS, **_read_ports(self._folder), "api": self._settings.api_port}
        chosen = {}
        for name, preferred in wanted.items():
            chosen[name], note = choose(preferred)
            if note:
                self._notes.append(note)
        (self._folder / "ports.json").write_text(json.dumps({name: chosen[name] for name in _PORTS}))
        return chosen

    def _postgres(self, port: int) -> str:
        if self._settings.database_url is not None:
            return self._settings.database_url.get_secret_value()
        (self._folder / "postgres").mkdir(exist_ok=True)
        server = EmbeddedPostgres(self._folder / "postgres", port)
        self._parts.append(_Part("postgres", lambda: server.child, server.start, server.stop, []))
        return server.dsn

    def _temporal(self, port: int, ui_port: int) -> tuple[str, str | None]:
        if address := os.environ.get("TEMPORAL_ADDRESS"):
            return address, None
        server = EmbeddedTemporal(self._folder / "temporal", port=port, ui_port=ui_port)
        self._parts.append(_Part("temporal", lambda: server.child, server.start, server.stop, []))
        return server.address, server.ui_url

    def _program(self, name: str, arguments: list[str]) -> None:
        child = Child(
            name,
            [sys.executable, *arguments],
            log=self._folder / f"{name}.log",
            environment=self._environment,
            death_signal=signal.SIGTERM,
        )

        async def start() -> None:
            child.use_environment(self._environment)
            child.start()

        def stop() -> None:
            child.stop(signal.SIGTERM, self._settings.shutdown_seconds + 5)

        self._parts.append(_Part(name, lambda: child, start, stop, []))

    def _add_local_model(self) -> None:
        from workers.embedded.local_model import LocalModelError, provider_entry, server_arguments

        port, _ = choose(0)
        try:
            self._program("local-model", server_arguments(port))
        except LocalModelError as error:
            raise UpError(str(error)) from None
        others = json.loads(self._environment.get("PERDURE_PROVIDERS") or "[]")
        self._environment["PERDURE_PROVIDERS"] = json.dumps([*others, provider_entry(port)])

    def _example_model(self, simulated: bool) -> str:
        if self._local_model:
            return "local:smollm2"
        if simulated:
            return "sim:sim-fast"
        names = {
            "openai": "openai:gpt-4o-mini",
            "anthropic": "anthropic:claude-haiku-4-5",
            "google": "google:gemini-2.5-flash",
        }
        first = self._settings.vendor_configs()[0].name
        return names.get(first, f"{first}:MODEL")

    async def _until_ready(self, url: str, stop: asyncio.Event) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while not stop.is_set():
            if await asyncio.to_thread(_answers, url):
                return True
            for part in self._parts:
                if not part.child().running:
                    raise UpError(f"{part.name} ended at once. Its last words:\n{part.child().last_words()}")
            if time.monotonic() > deadline:
                raise UpError(f"Not ready after {READY_SECONDS:.0f} s. The logs are in {self._folder}.")
            await asyncio.sleep(0.05)
        return False

    async def _watch(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            for part in self._parts:
                if not part.child().running and not stop.is_set():
                    await self._restart(part)
            try:
                async with asyncio.timeout(_WATCH_SECONDS):
                    await stop.wait()
            except TimeoutError:
                continue

    async def _restart(self, part: _Part) -> None:
        now = time.monotonic()
        part.restarts = [at for at in part.restarts if now - at < _RESTART_WINDOW] + [now]
        if len(part.restarts) > _RESTARTS:
            raise UpError(
                f"{part.name} ended {len(part.restarts)} times within a minute. Its last words:\n{part.child().last_words()}"
            )
        self._say(f"{part.name} ended ({part.child().exit_code}); starting it again.")
        await part.start()
        self._note_children()

    def _note_children(self) -> None:
        self._lock.note({part.name: pid for part in self._parts if (pid := part.child().pid) is not None})

    def _say(self, text: str) -> None:
        if self._as_json:
            print(json.dumps({"event": "note", "text": text}), flush=True)  # noqa: T201 - the command's output
        else:
            self._console.print(text)

    def _stop_all(self) -> None:
        for part in reversed(self._parts):
            try:
                part.stop()
            except RuntimeError:
                # It was never started.
                continue


async def run_up(settings: Settings, *, as_json: bool, local_model: bool) -> None:
    """Bring the house up and keep it so. Raises `UpError`."""
    try:
        await Up(settings, as_json=as_json, local_model=local_model).run()
    except RuntimeError as error:
        raise UpError(str(error)) from error


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _development_key(folder: Path) -> str:
    """The key that `up` makes once, for its own machine."""
    path = folder / "dev-key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"pdr_{secrets.token_urlsafe(24)}")
    return path.read_text().strip()


def _write_state(folder: Path, state: dict[str, str]) -> None:
    path = folder / "state.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(state))


def _read_ports(folder: Path) -> dict[str, int]:
    try:
        ports: dict[str, int] = json.loads((folder / "ports.json").read_text())
    except (OSError, ValueError):
        return {}
    return ports
