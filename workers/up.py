"""`perdure up`: everything on this machine, as supervised children of one process.

The parent imports no database driver, no Temporal client and no vendor SDK: it is to be ready before its children are.
"""

import asyncio
import base64
import json
import os
import secrets
import signal
import time
from collections.abc import Callable
from pathlib import Path

from settings import Settings
from workers.embedded.local_model import LocalModelError, local_model
from workers.embedded.lock import DirectoryBusyError, DirectoryLock
from workers.embedded.ports import choose, obstacle
from workers.embedded.postgres import EmbeddedPostgres
from workers.embedded.program import Program
from workers.embedded.temporal import EmbeddedTemporal
from workers.keeping import Keeper, Part, PartError
from workers.temporal_elsewhere import external_address
from workers.upshow import Announcement, Screen

SERVE = "serve"
PREFERRED_PORTS = {"postgres": 54329, "temporal": 7233, "temporal UI": 8233, "simulator": 8399}
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what such a listener is reached at


class UpError(Exception):
    """The house could not be brought up; the message says why and what to do."""


class Up:
    """What is to run here, and with which environment. The parts are chosen by what the settings leave open."""

    def __init__(self, settings: Settings, *, with_local_model: bool, note: Callable[[str], None]) -> None:
        self._settings = settings
        self._folder = settings.data_dir.resolve()
        self._note = note
        self.parts: dict[str, Part] = {}
        self.environment = dict(os.environ)
        self.key = development_key(self._folder)
        self.url = self._choose_url()
        self.database_url = self._add_database()
        self.temporal_address, self.ui = self._add_temporal()
        if with_local_model:
            self._add_local_model()
        self.simulated = not settings.vendor_configs() and not with_local_model
        self.model = self._example_model(with_local_model)
        if self.simulated and settings.simulator_url is None:
            self._add_simulator()
        self.environment |= {
            "PERDURE_DATABASE_URL": self.database_url,
            "PERDURE_BOOTSTRAP_KEY": self.key,
            "PERDURE_DATA_DIR": str(self._folder),
            "PERDURE_CALLBACK_SECRET": self._callback_secret(),
        }
        self.parts[SERVE] = Program(
            SERVE,
            ["-m", "cli", SERVE, "--migrate"],
            log=self._folder / "serve.log",
            environment=self.environment,
            ready_url=f"{self.url}/readyz",
            stop_seconds=settings.shutdown_seconds + 5,
        )

    def _callback_secret(self) -> str:
        """The one that is set, else one that is made once and kept in `callback-secret`."""
        if self._settings.callback_secret is not None:
            return self._settings.callback_secret.get_secret_value()
        path = self._folder / "callback-secret"
        if not path.exists():
            _write(path, f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}")
        return path.read_text().strip()

    def _choose_url(self) -> str:
        host, port = self._settings.api_host, self._settings.api_port
        if port and "api_port" in self._settings.model_fields_set:
            # Somebody counts on this very port.
            if (reason := obstacle(port, host)) is not None:
                raise UpError(f"{reason} Stop it, or name another port with --port or PERDURE_API_PORT.")
        else:
            port = self._port(port, host)
        self.environment["PERDURE_API_PORT"] = str(port)
        return f"http://{_EVERYWHERE.get(host, f'[{host}]' if ':' in host else host)}:{port}"

    def _port(self, preferred: int, host: str = "127.0.0.1") -> int:
        port, notice = choose(preferred, host)
        if notice is not None:
            self._note(notice)
        return port

    def _add_database(self) -> str:
        if self._settings.database_url is not None:
            return self._settings.database_url.get_secret_value()
        server = EmbeddedPostgres(self._folder / "postgres", self._port(PREFERRED_PORTS["postgres"]))
        self.parts["postgres"] = server
        return server.dsn

    def _add_temporal(self) -> tuple[str, str | None]:
        address = external_address(os.environ)
        if address is not None:
            return address, None
        port, ui_port = self._port(PREFERRED_PORTS["temporal"]), self._port(PREFERRED_PORTS["temporal UI"])
        server = EmbeddedTemporal(self._folder / "temporal", port=port, ui_port=ui_port)
        self.parts["temporal"] = server
        # A key, namespace or certificate without an address is meant for another server than this one.
        self.environment = {name: value for name, value in self.environment.items() if not name.startswith("TEMPORAL_")}
        self.environment["TEMPORAL_ADDRESS"] = server.address
        return server.address, server.ui_url

    def _add_local_model(self) -> None:
        try:
            self.parts["local-model"], provider = local_model(self._port(0), self._folder / "local-model.log")
        except LocalModelError as error:
            raise UpError(str(error)) from None
        others = [one.model_dump(mode="json") for one in self._settings.providers]
        for shown, held in zip(others, self._settings.providers, strict=True):
            shown["api_key"] = held.api_key.get_secret_value() if held.api_key else None
        self.environment["PERDURE_PROVIDERS"] = json.dumps([*others, provider])

    def _add_simulator(self) -> None:
        port = self._port(PREFERRED_PORTS["simulator"])
        self.parts["simulator"] = Program(
            "simulator",
            ["-m", "providers.simulator", "--port", str(port)],
            log=self._folder / "simulator.log",
            environment=self.environment,
        )
        self.environment["PERDURE_SIMULATOR_URL"] = f"http://127.0.0.1:{port}"

    def _example_model(self, with_local_model: bool) -> str:
        if self._settings.default_model:
            return self._settings.default_model
        if with_local_model:
            return "local:smollm2"
        if self.simulated:
            return "sim:sim-fast"
        names = {
            "openai": "openai:gpt-4o-mini",
            "anthropic": "anthropic:claude-haiku-4-5",
            "google": "google:gemini-2.5-flash",
        }
        first = self._settings.vendor_configs()[0].name
        return names.get(first, f"{first}:MODEL")


async def run_up(settings: Settings, *, as_json: bool, local_model: bool) -> None:
    """Bring the house up and keep it so until SIGINT, SIGTERM or SIGHUP. Raises `UpError`."""
    began = time.monotonic()
    folder = settings.data_dir.resolve()
    screen = Screen(as_json=as_json)
    lock = DirectoryLock(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except DirectoryBusyError as error:
        raise UpError(str(error)) from None
    except OSError as error:
        raise UpError(f"{folder} cannot be used ({error.strerror}). Set PERDURE_DATA_DIR.") from error
    state = folder / "state.json"
    try:
        for name in lock.end_orphans():
            screen.say(f"Stopped {name}, which a killed perdure had left running.")
        up = Up(settings, with_local_model=local_model, note=screen.say)
        keeper = Keeper(up.parts, noted=lock.note, said=screen.say)
        stopped = _listen_for_signals(keeper, screen)
        try:
            with screen.waiting(f"Starting {', '.join(up.parts)}"):
                ready = await keeper.start(stopped)
            if ready:
                _write(
                    state,
                    {"url": up.url, "key": up.key, "database_url": up.database_url, "temporal": up.temporal_address},
                )
                screen.announce(_announcement(up, keeper, folder), time.monotonic() - began)
                await keeper.keep(stopped)
        finally:
            with screen.waiting("Stopping"):
                await keeper.stop(first=SERVE)
    except (PartError, RuntimeError, OSError) as error:
        raise UpError(str(error)) from error
    finally:
        state.unlink(missing_ok=True)
        lock.release()
    screen.stopped()


def development_key(folder: Path) -> str:
    """The key that `up` makes once, for its own machine, and keeps in `dev-key`."""
    path = folder / "dev-key"
    if not path.exists():
        _write(path, f"pdr_{secrets.token_urlsafe(24)}")
    return path.read_text().strip()


def _listen_for_signals(keeper: Keeper, screen: Screen) -> asyncio.Event:
    stopped = asyncio.Event()

    def hear() -> None:
        if stopped.is_set():
            # Asked twice: calls in flight are cut; they go on after the next start.
            keeper.kill(SERVE)
        else:
            screen.say("Finishing what runs; once more stops at once.")
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, hear)
    return stopped


def _announcement(up: Up, keeper: Keeper, folder: Path) -> Announcement:
    return Announcement(
        url=up.url,
        docs=f"{up.url}/docs",
        ui=up.ui,
        key=up.key,
        simulated=up.simulated,
        simulator_url=up.environment.get("PERDURE_SIMULATOR_URL") if up.simulated else None,
        temporal_address=up.temporal_address,
        folder=str(folder),
        model=up.model,
        pids=keeper.pids,
    )


def _write(path: Path, content: str | dict[str, str]) -> None:
    """Write a file that nobody else may read, in one step."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(content if isinstance(content, str) else json.dumps(content))
    fresh.replace(path)
