"""`perdure up` as people run it: it stops cleanly, a kill leaves nothing in the way, and what was said stays."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from tests.embedded.accounts import ROOT, environment, identity
from tests.fixtures.postgres import begun_before
from workers.embedded.ports import any_free

pytestmark = pytest.mark.real


@contextmanager
def up(folder: Path, *, as_stranger: bool = False, **variables: str) -> Iterator[tuple["subprocess.Popen[str]", Any]]:
    """A running `perdure up --json` and what it announced."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "up", "--json"],
        cwd=ROOT,
        env=environment(
            PERDURE_DATA_DIR=str(folder / "data"),
            PERDURE_API_PORT=str(any_free()),
            PYTHONPATH=str(ROOT),
            **{"PERDURE_WARM": "false", **variables},
        ),
        stdout=subprocess.PIPE,
        text=True,
        **(identity() if as_stranger else {}),
    )
    assert process.stdout is not None
    try:
        lines = (json.loads(line) for line in process.stdout)
        yield process, next(line for line in lines if line["event"] == "ready")
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()


def ask(ready: Any, conversation: str | None = None) -> dict[str, Any]:
    """One turn, in a new conversation unless one is named; the turn."""
    headers = {"Authorization": f"Bearer {ready['key']}"}
    with httpx2.Client(base_url=ready["url"], headers=headers, timeout=60) as http:
        if conversation is None:
            made = http.post("/api/conversations", json={"models": ["sim:sim-fast"]}).raise_for_status()
            conversation = made.json()["id"]
        turn = http.post(f"/api/conversations/{conversation}/turns?wait=30", json={"content": "Hello"})
        answer: dict[str, Any] = turn.raise_for_status().json()
        return {**answer, "messages": http.get(f"/api/conversations/{conversation}/messages").json()["data"]}


def end(process: "subprocess.Popen[str]") -> int:
    """Press Ctrl-C and wait."""
    process.send_signal(signal.SIGINT)
    return process.wait(60)


def test_a_stop_ends_every_part_and_a_restart_finds_what_was_said(folder: Path) -> None:
    with up(folder, PERDURE_WARM="true") as (process, ready):
        first = ask(ready)
        assert first["state"] == "completed"
        children = [psutil.Process(pid) for pid in ready["pids"].values()]
        assert end(process) == 0
        assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
    with up(folder) as (process, ready):
        again = ask(ready, first["conversation_id"])
        assert [message["role"] for message in again["messages"]] == ["user", "assistant", "user", "assistant"]
        assert end(process) == 0


@pytest.mark.long
def test_a_kill_of_the_parent_leaves_nothing_in_the_way(folder: Path) -> None:
    with up(folder) as (process, ready):
        first = ask(ready)
        process.kill()
        process.wait(30)
    with up(folder) as (process, ready):
        again = ask(ready, first["conversation_id"])
        assert len(again["messages"]) == 4
        assert end(process) == 0


def refused(*arguments: str, data: Path) -> str:
    """What another `perdure up` says that does not start."""
    second = subprocess.run(
        [sys.executable, "-m", "cli", "up", "--json", *arguments],
        cwd=ROOT,
        env=environment(PERDURE_DATA_DIR=str(data), PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode != 0
    return second.stdout + second.stderr


def test_a_second_one_is_refused_by_the_name_of_what_it_would_disturb(folder: Path) -> None:
    begun_before(folder / "data" / "postgres")
    with up(folder) as (process, ready):
        assert f"pid {process.pid}" in refused(data=folder / "data")
        port = ready["url"].rpartition(":")[2]
        assert f"pid {ready['pids']['serve']}" in refused("--port", port, data=folder / "other")
        assert ask(ready)["state"] == "completed"
        assert end(process) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change accounts")
def test_as_an_ordinary_user(folder: Path) -> None:
    folder.chmod(0o777)
    with up(folder, as_stranger=True, HOME="/nonexistent") as (process, ready):
        assert ask(ready)["state"] == "completed"
        assert end(process) == 0
