"""A child process that ends with its parent."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_KILL_SECONDS = 10.0


class Child:
    """A process, its output in a file, that can be started again.

    On Linux the kernel sends it `death_signal` when the thread that started it ends, so start it from the main thread.
    It has a session of its own: Ctrl-C at the terminal reaches the parent alone, which stops its children in order.
    """

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
        self._log_began = 0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def running(self) -> bool:
        """The process lives."""
        return self.pid is not None

    @property
    def exit_code(self) -> int | None:
        """How it ended (minus the signal's number where a signal ended it); None while it runs or before it started."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start it. Raises OSError where the program cannot be run."""
        identity: dict[str, object] = {}
        if self._account is not None:
            identity = {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}
        with self.log.open("ab") as log:
            self._log_began = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - the commands are our own
                [str(word) for word in self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self._environment),
                cwd=self._folder,
                start_new_session=True,
                # Runs after the change of account, which would undo what it sets.
                preexec_fn=_ending_with_parent(self._death_signal),
                **identity,  # type: ignore[call-overload]
            )

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it lives."""
        if self._process is not None:
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
            self.wait(_KILL_SECONDS)

    def last_words(self, characters: int = 1500) -> str:
        """The end of what it wrote since it was last started."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(self._log_began)
            return log.read().decode(errors="replace")[-characters:].strip()


def _ending_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """What the new process does before its program runs. Its library is loaded here, since after the fork is no time for that."""
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            # The parent ended between the fork and the line above, so no signal will come.
            os._exit(1)

    return arrange
