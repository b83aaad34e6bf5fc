"""One holder at a time, and only true orphans are ended."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.embedded.accounts import ROOT, environment
from workers.embedded.lock import DirectoryBusyError, DirectoryLock


@contextmanager
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_second_holder_is_refused_by_the_first_ones_pid(folder: Path) -> None:
    lock = DirectoryLock(folder)
    assert lock.holder() is None
    lock.acquire()
    assert DirectoryLock(folder).holder() == os.getpid()
    with pytest.raises(DirectoryBusyError, match=rf"pid {os.getpid()}.*PERDURE_DATA_DIR"):
        DirectoryLock(folder).acquire()
    lock.release()
    assert DirectoryLock(folder).holder() is None
    other = DirectoryLock(folder)
    other.acquire()
    other.release()


def test_the_lock_goes_with_a_holder_that_is_killed(folder: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from workers.embedded.lock import DirectoryLock\n"
        "lock = DirectoryLock(Path(sys.argv[1])); lock.acquire(); print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert DirectoryLock(folder).holder() == holder.pid
        holder.send_signal(signal.SIGKILL)
    lock = DirectoryLock(folder)
    lock.acquire()
    lock.release()


def test_orphans_are_ended(folder: Path) -> None:
    with sleeper() as orphan:
        DirectoryLock(folder).note({"serve": orphan.pid})
        assert DirectoryLock(folder).end_orphans() == ["serve"]
        assert not psutil.pid_exists(orphan.pid)
    assert DirectoryLock(folder).end_orphans() == []


def test_a_pid_that_was_reused_is_left_alone(folder: Path) -> None:
    with sleeper() as stranger:
        started = psutil.Process(stranger.pid).create_time()
        (folder / "children.json").write_text(json.dumps({"serve": {"pid": stranger.pid, "started": started - 60}}))
        assert DirectoryLock(folder).end_orphans() == []
        assert stranger.poll() is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"serve": 1}', '{"serve": {"pid": "x", "started": 0}}'])
def test_a_spoilt_list_of_children_is_no_obstacle(folder: Path, content: str) -> None:
    (folder / "children.json").write_text(content)
    assert DirectoryLock(folder).end_orphans() == []
