"""A deploy in mid-run: a run waits for a person under one build, and ends under another whose code has changed."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from cli.exits import Exit
from tests.kill.changed_worker import PATCH
from tests.kill.processes import PATIENCE, Processes
from tests.kill.test_run_kill import WAITING, asked, finished
from workers.embedded.ports import any_free
from workers.embedded.temporal import EmbeddedTemporal

pytestmark = [pytest.mark.real, pytest.mark.kill, pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture
def temporal(folder: Path) -> Iterator[EmbeddedTemporal]:
    """A server that looks after draining builds at once, and not only every few minutes."""
    soon = {
        "matching.wv.VersionDrainageStatusVisibilityGracePeriod": "1s",
        "matching.wv.VersionDrainageStatusRefreshInterval": "1s",
    }
    quoted = {name: json.dumps(value) for name, value in soon.items()}
    server = EmbeddedTemporal(folder / "temporal", port=any_free(), ui_port=any_free(), dynamic=quoted)
    asyncio.run(server.start())
    yield server
    server.stop()


async def deploy(processes: Processes, *words: str, code: int = Exit.OK) -> Any:
    """What `perdure deploy … --json` says; what it complains of, where it is to fail."""
    environment = {"PATH": "", "TEMPORAL_ADDRESS": processes.temporal_address, "HOME": str(processes.folder)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "deploy", *words, "--json"),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == code, err.decode()
    return json.loads(out) if code == Exit.OK else err.decode()


async def until_build(processes: Processes, build: str, status: str) -> None:
    """Return when Temporal says so of the build."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if (build, status) in {(one["build_id"], one["status"]) for one in await deploy(processes, "show")}:
                return
            await asyncio.sleep(0.2)


async def builds_of(client: Client, run_id: str) -> tuple[list[str], bool]:
    """Which builds took the steps of a run's workflow, in order, and whether the change was taken."""
    history = await client.get_workflow_handle(f"run/{run_id}").fetch_history()
    taken: list[str] = []
    for event in history.events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            name = event.workflow_task_completed_event_attributes.deployment_version.build_id
            if taken[-1:] != [name]:
                taken.append(name)
    return taken, PATCH in str(history.events)


async def test_a_run_that_waits_goes_on_under_the_next_build(processes: Processes) -> None:
    processes.start("api", "api", "--migrate")
    await processes.until_ready()
    processes.environment["PERDURE_BUILD_ID"] = "a"
    processes.start("a", "worker")
    async with processes.http() as http:
        (await http.post("/api/pipelines", content=WAITING)).raise_for_status()
        begun = (await http.post("/api/pipelines/waiting/runs", json={})).raise_for_status().json()
    run_id = str(begun["id"])
    await asked(processes, run_id)
    await until_build(processes, "a", "current")

    refused = await deploy(processes, "promote", "misspelt", code=Exit.NOT_FOUND)
    assert "No worker of build 'misspelt'" in refused
    assert "Known builds: a." in refused
    processes.environment["PERDURE_BUILD_ID"] = "b"
    processes.start_module("b", "tests.kill.changed_worker")
    await until_build(processes, "b", "inactive")
    assert await deploy(processes, "promote", "b") == {"deployment": "perdure", "current": "b"}
    await until_build(processes, "a", "drained")
    processes.stop("a")

    async with processes.http() as http:
        (await http.post(f"/api/runs/{run_id}/approve", json={"comment": "yes"})).raise_for_status()
        run = await finished(processes, run_id)
        assert run["state"] == "completed", run
        again = (await http.post("/api/pipelines/waiting/runs", json={})).raise_for_status().json()
        second = str(again["id"])
        await asked(processes, second)
        (await http.post(f"/api/runs/{second}/approve", json={})).raise_for_status()
        assert (await finished(processes, second))["state"] == "completed"
    client = await Client.connect(processes.temporal_address)
    # What had begun keeps to the old way; what begins later takes the new one.
    assert await builds_of(client, run_id) == (["a", "b"], False)
    assert await builds_of(client, second) == (["b"], True)
    await processes.at_rest()
    # Two questions of each run, none asked twice.
    assert len(processes.simulator.calls()) == 4
