"""A child process that ends with its parent."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
SERVICE_ACCOUNT = "nobody"
"""Who runs PostgreSQL when we are root, since it refuses to be run by root."""


def account() -> pwd.struct_passwd | None:
    """The account that servers run as: None for our own."""
    return pwd.getpwnam(SERVICE_ACCOUNT) if os.geteuid() == 0 else None


class Child:
    """A process, its output in a file. On Linux the kernel sends it `death_signal` when the thread that started it ends."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str],
        death_signal: signal.Signals,
        as_account: pwd.struct_passwd | None = None,
        folder: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._environment = environment
        self._death_signal = death_signal
        self._account = as_account
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self.running else None  # type: ignore[union-attr]

    @property
    def running(self) -> bool:
        """The process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs or before it started."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start it. Raises OSError where the program cannot be run."""
        identity: dict[str, object] = {}
        if self._account is not None:
            identity = {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}
        death_signal = self._death_signal

        def end_with_parent() -> None:
            if sys.platform == "linux":
                ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal)

        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the commands are our own
                [str(word) for word in self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self._environment),
                cwd=self._folder,
                start_new_session=True,
                preexec_fn=end_with_parent,
                **identity,  # type: ignore[call-overload]
            )

    def use_environment(self, environment: Mapping[str, str]) -> None:
        """What it is to be started with from now on."""
        self._environment = environment

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it lives."""
        if self._process is not None and self.running:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; False where it still lives afterwards."""
        if self._process is None:
            return True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, number: signal.Signals, seconds: float) -> None:
        """Ask it to end, and kill it where it does not within `seconds`."""
        self.send(number)
        if not self.wait(seconds):
            self.send(signal.SIGKILL)
            self.wait(10)

    def last_words(self, characters: int = 1500) -> str:
        """The end of its output."""
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""
