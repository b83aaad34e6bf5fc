"""Parts are started side by side, started again when they die, given up when they keep dying, stopped in order."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.embedded.accounts import environment
from tests.simulator.waiting import until
from workers.embedded.ports import any_free
from workers.embedded.program import Program
from workers.keeping import Keeper, PartError

LASTING = "import time; time.sleep(600)"
SERVING = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
"""


@dataclass(slots=True)
class Told:
    """What a keeper said and noted."""

    said: list[str] = field(default_factory=list)
    noted: list[dict[str, int]] = field(default_factory=list)

    def keeper(self, **parts: Program) -> Keeper:
        return Keeper(parts, said=self.said.append, noted=self.noted.append)


def program(folder: Path, name: str, script: str, *arguments: str, ready_url: str | None = None) -> Program:
    log = folder / f"{name}.log"
    return Program(name, ["-c", script, *arguments], log=log, environment=environment(), ready_url=ready_url)


@asynccontextmanager
async def kept(keeper: Keeper, stopped: asyncio.Event, *, first: str) -> AsyncIterator["asyncio.Task[None]"]:
    assert await keeper.start(stopped)
    keeping = asyncio.create_task(keeper.keep(stopped))
    try:
        yield keeping
    finally:
        stopped.set()
        with contextlib.suppress(PartError):
            await keeping
        await keeper.stop(first=first)


async def test_what_is_killed_is_started_again(folder: Path) -> None:
    told, one, two = Told(), program(folder, "one", LASTING), program(folder, "two", LASTING)
    keeper = told.keeper(one=one, two=two)
    async with kept(keeper, asyncio.Event(), first="one"):
        before, untouched = one.child.pid, two.child.pid
        assert told.noted[-1] == {"one": before, "two": untouched}
        one.child.send(signal.SIGKILL)
        await until(lambda: len(told.said) == 2, "it was started again")
        assert told.said[0] == "one ended (SIGKILL); starting it again."
        assert told.said[1].startswith("one is back after")
        assert one.child.pid not in (before, None)
        assert two.child.pid == untouched
        await until(lambda: told.noted[-1] == keeper.pids, "it was noted")
    assert not one.child.running
    assert not two.child.running


async def test_what_keeps_dying_is_given_up_with_its_last_words(folder: Path) -> None:
    marker = folder / "marker"
    dying = f"import os, sys, time\nif os.path.exists({str(marker)!r}): sys.exit('I cannot go on')\ntime.sleep(600)"
    told, part = Told(), program(folder, "fragile", dying)
    async with kept(told.keeper(fragile=part), asyncio.Event(), first="fragile") as keeping:
        marker.touch()
        part.child.send(signal.SIGTERM)
        with pytest.raises(PartError, match=r"(?s)fragile ended 6 times within a minute.*I cannot go on"):
            await keeping


async def test_what_cannot_start_says_why(folder: Path) -> None:
    url = f"http://127.0.0.1:{any_free()}/"
    told, good = Told(), program(folder, "good", LASTING)
    bad = program(folder, "bad", "import sys; sys.exit('no such setting')", ready_url=url)
    keeper = told.keeper(good=good, bad=bad)
    with pytest.raises(PartError, match="bad did not start: no such setting"):
        await keeper.start(asyncio.Event())
    await keeper.stop(first="bad")
    assert not good.child.running


async def test_a_stop_while_parts_start(folder: Path) -> None:
    url = f"http://127.0.0.1:{any_free()}/"
    told, part = Told(), program(folder, "slow", LASTING, ready_url=url)
    keeper, stopped = told.keeper(slow=part), asyncio.Event()
    starting = asyncio.create_task(keeper.start(stopped))
    await until(lambda: part.child.running, "it runs")
    stopped.set()
    assert not await starting
    await keeper.stop(first="slow")
    assert not part.child.running


async def test_a_program_is_ready_when_it_answers_itself(folder: Path) -> None:
    port = any_free()
    url = f"http://127.0.0.1:{port}/"
    part = program(folder, "server", SERVING, str(port), ready_url=url)
    await part.start()
    assert part.child.running
    # Another process answers there: what was started second is not ready, and says why it ended.
    second = program(folder, "second", SERVING, str(port), ready_url=url)
    with pytest.raises(RuntimeError, match="Address already in use"):
        await second.start()
    part.stop()
    assert part.child.exit_code == -signal.SIGTERM
