"""A pipeline whose worker is killed at every step boundary: the same result, every call once, every tool's effect once."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.kill.processes import PATIENCE, Processes

pytestmark = [pytest.mark.real, pytest.mark.kill, pytest.mark.timeout(300)]

EXAMPLE = Path(__file__).parents[2] / "examples" / "content-creation.yaml"
STEPS = ("research", "outline", "write", "review")


async def run_of(processes: Processes, run_id: str) -> dict[str, Any]:
    async with processes.http() as http:
        found: dict[str, Any] = (await http.get(f"/api/runs/{run_id}")).raise_for_status().json()
        return found


async def until(processes: Processes, run_id: str, step: str) -> None:
    """The step before has just ended, and this one has begun."""
    async with asyncio.timeout(PATIENCE):
        while True:
            run = await run_of(processes, run_id)
            if {one["id"]: one["state"] for one in run["steps"]}[step] in ("running", "completed"):
                return
            await asyncio.sleep(0.01)


async def start(processes: Processes) -> str:
    text = EXAMPLE.read_text().replace("model: auto", "model: sim:sim-fast")
    async with processes.http() as http:
        (await http.post("/api/pipelines", content=text)).raise_for_status()
        body = {"input": {"topic": "tea"}}
        answer = await http.post("/api/pipelines/content-creation/runs", json=body, headers={"Idempotency-Key": "k"})
        return str(answer.raise_for_status().json()["id"])


async def finished(processes: Processes, run_id: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE * 2):
        while True:
            run = await run_of(processes, run_id)
            if run["finished_at"]:
                return run
            await asyncio.sleep(0.1)


@pytest.mark.long
async def test_the_worker_is_killed_at_every_step_boundary(processes: Processes) -> None:
    processes.start("api", "api", "--migrate")
    await processes.until_ready()
    # Slow enough that the worker is killed while each step is being answered, and just after.
    processes.simulator.scenario({"first_token_delay": 0.3}, match={"model": "sim-fast"})
    run_id = await start(processes)
    for step in STEPS:
        processes.start(step, "worker")
        await until(processes, run_id, step)
        processes.kill(step)
    processes.start("worker-last", "worker")
    run = await finished(processes, run_id)
    assert run["state"] == "completed", run
    assert {one["id"]: (one["state"], one["attempt"], one["turns"]) for one in run["steps"]} == dict.fromkeys(
        STEPS, ("completed", 1, 1)
    )
    await processes.at_rest()
    completed = [call for call in processes.simulator.calls() if call["billable"] and call["outcome"] == "completed"]
    assert len(STEPS) <= len(completed) <= 2 * len(STEPS)
    # The worker that made a call was killed within it; its turn has one answer, and so the next step one question.
    whole = await once_more(processes)
    assert whole["output"].keys() == run["output"].keys()
    assert [one["state"] for one in whole["steps"]] == [one["state"] for one in run["steps"]]


async def asked(processes: Processes, run_id: str) -> None:
    """Somebody is asked for an approval."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if (await run_of(processes, run_id))["waiting"]:
                return
            await asyncio.sleep(0.05)


WAITING = """\
name: waiting
defaults: {model: "sim:sim-fast"}
steps:
  - {id: draft, kind: agent, prompt: "A draft."}
  - {id: agreed, kind: approval, value: "{{ draft.result }}"}
  - {id: final, kind: agent, prompt: "Finish: {{ agreed.result.value }}"}
"""


async def test_the_worker_is_killed_while_somebody_is_asked(processes: Processes) -> None:
    processes.start("api", "api", "--migrate")
    await processes.until_ready()
    processes.start("first", "worker")
    async with processes.http() as http:
        (await http.post("/api/pipelines", content=WAITING)).raise_for_status()
        begun = (await http.post("/api/pipelines/waiting/runs", json={})).raise_for_status().json()
        run_id = str(begun["id"])
        await asked(processes, run_id)
        processes.kill("first")
        # Nobody is there to hear of it.
        (await http.post(f"/api/runs/{run_id}/approve", json={"comment": "yes"})).raise_for_status()
    processes.start("second", "worker")
    run = await finished(processes, run_id)
    assert run["state"] == "completed", run
    assert {one["id"]: (one["state"], one["turns"]) for one in run["steps"]} == {
        "draft": ("completed", 1),
        "agreed": ("completed", 0),
        "final": ("completed", 1),
    }
    await processes.at_rest()
    calls = [call for call in processes.simulator.calls() if call["billable"] and call["outcome"] == "completed"]
    assert len(calls) == 2


CALLED = """\
name: called
outputs: {said: "{{ agreed.result.value }}"}
defaults: {model: "sim:sim-fast"}
steps:
  - {id: draft, kind: agent, prompt: "A draft."}
  - {id: agreed, kind: approval, value: "yes"}
"""
CALLING = """\
name: calling
defaults: {model: "sim:sim-fast"}
steps:
  - {id: a, kind: agent, prompt: "Have it called.", tools: [pipelines_run]}
"""


async def within(processes: Processes, run_id: str) -> str:
    """The run that the first step has started."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = (await run_of(processes, run_id))["steps"][0].get("run")
            if found is not None:
                return str(found)
            await asyncio.sleep(0.02)


@pytest.mark.long
async def test_workers_are_killed_around_a_pipeline_that_a_model_runs(processes: Processes) -> None:
    tools = processes.folder / "tools.yaml"
    tools.write_text("pipelines: {allow: [called]}\n")
    processes.environment["PERDURE_TOOLS_FILE"] = str(tools)
    processes.start("api", "api", "--migrate")
    await processes.until_ready()
    call = {"name": "pipelines_run", "arguments": {"pipeline": "called"}}
    processes.simulator.scenario({"tool_calls": [call]}, match={"contains": "Have it called."}, times=1)
    processes.simulator.scenario({"first_token_delay": 0.3}, match={"contains": "A draft."})
    processes.start("first", "worker")
    async with processes.http() as http:
        for text in (CALLED, CALLING):
            (await http.post("/api/pipelines", content=text)).raise_for_status()
        run_id = str((await http.post("/api/pipelines/calling/runs", json={})).raise_for_status().json()["id"])
        inner = await within(processes, run_id)
        # As soon as it is begun, while it waits, and when it has just ended.
        processes.kill("first")
        processes.start("second", "worker")
        await asked(processes, inner)
        processes.kill("second")
        (await http.post(f"/api/runs/{inner}/approve", json={})).raise_for_status()
        processes.start("third", "worker")
        assert (await finished(processes, inner))["output"] == {"said": "yes"}
        processes.kill("third")
        processes.start("fourth", "worker")
        run = await finished(processes, run_id)
        listed = (await http.get("/api/runs?pipeline=called")).json()["data"]
    assert run["state"] == "completed", run
    assert '{"said":"yes"}' in run["output"]["result"]
    assert [one["id"] for one in listed] == [inner]
    await processes.at_rest()


async def once_more(processes: Processes) -> dict[str, Any]:
    """The same run, with nobody killed."""
    async with processes.http() as http:
        body = {"input": {"topic": "tea"}}
        answer = await http.post("/api/pipelines/content-creation/runs?wait=60", json=body)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found
