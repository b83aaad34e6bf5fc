"""Children: they end with their parent, and what they said last is found."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from tests.embedded.accounts import ROOT, environment
from workers.embedded.child import Child


def child(folder: Path, script: str) -> Child:
    return Child(
        "python",
        [sys.executable, "-c", script],
        log=folder / "log",
        environment=environment(),
        death_signal=signal.SIGKILL,
    )


def test_its_end_and_last_words(folder: Path) -> None:
    one = child(folder, "import sys; sys.exit('because')")
    assert one.exit_code is None
    assert one.pid is None
    one.start()
    assert one.wait(20)
    assert one.exit_code == 1
    assert one.last_words() == "because"
    assert not one.running


def test_last_words_are_those_of_the_last_start(folder: Path) -> None:
    (folder / "log").write_text("an earlier start failed\n")
    one = child(folder, "pass")
    one.start()
    assert one.wait(20)
    assert one.last_words() == ""
    assert "earlier" in (folder / "log").read_text()


def test_one_that_does_not_listen_is_killed(folder: Path) -> None:
    one = child(folder, "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); signal.pause()")
    one.start()
    while "deaf" not in one.last_words():
        assert one.running
    one.stop(signal.SIGTERM, 0.1)
    assert one.exit_code == -signal.SIGKILL


@pytest.mark.kill
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children of their parent's end on Linux only")
def test_it_ends_with_a_parent_that_is_killed(folder: Path) -> None:
    script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from tests.embedded.test_child import child

        one = child(Path(sys.argv[1]), "import time; time.sleep(600)")
        one.start()
        print(one.pid, flush=True)
        time.sleep(600)
    """)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        orphan = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs([orphan], timeout=20)
    assert alive == []
