"""Pipelines that are run as tools: once, on the budget of the run that called, and cancelled with it."""

import pytest

from tests.runs.acting import Document, Runs

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]
REPLAYED = True


def value(name: str, said: object) -> Document:
    return {"id": name, "kind": "transform", "value": said}


def calling(pipeline: str, given: Document | None = None) -> Document:
    return {"name": "pipelines_run", "arguments": {"pipeline": pipeline, "input": given or {}}}


async def doubler(runs: Runs) -> None:
    await runs.store(
        {
            "name": "callable-doubler",
            "inputs": {"n": "integer"},
            "outputs": {"double": "{{ x.result }}"},
            "steps": [value("x", "{{ n * 2 }}")],
        }
    )


def step(pipeline: str, given: Document | None = None, **more: object) -> Document:
    arguments = {"pipeline": pipeline, "input": given or {}}
    return {"id": "p", "kind": "tool", "tool": "pipelines_run", "arguments": arguments, **more}


async def test_a_tool_step_runs_a_pipeline(runs: Runs) -> None:
    await doubler(runs)
    run = await runs.run([step("callable-doubler", {"n": 21})], outputs={"p": "{{ p.result.double }}"})
    assert run["output"] == {"p": 42}
    inner = await runs.get(run["steps"][0]["run"])
    assert (inner["parent"], inner["state"]) == ({"run": run["id"], "step": "p"}, "completed")


async def test_an_agent_runs_pipelines_and_reads_what_they_gave(runs: Runs) -> None:
    await doubler(runs)
    wrong = calling("callable-doubler", {"m": 1})
    calls = [calling("callable-doubler", {"n": 4}), calling("callable-doubler", {"n": 5}), wrong, calling("hidden")]
    runs.house.simulator.scenario({"tool_calls": calls}, match={"contains": "double them"}, times=1)
    steps = [{"id": "a", "kind": "agent", "prompt": "double them", "tools": ["pipelines_*"], "max_steps": 2}]
    run = await runs.completed(await runs.begin(steps))
    said = run["output"]["result"]
    assert 'returned {"double":8} and {"double":10} and ' in said
    assert "has no input 'm'" in said
    assert "'hidden' does not match" in said
    shown = await runs.step(run["id"], "a")
    assert len(shown["turns"]) == 2
    listed = (await runs.http.get("/api/runs?pipeline=callable-doubler")).json()["data"]
    assert len([one for one in listed if one["parent"] and one["parent"]["run"] == run["id"]]) == 2


@pytest.mark.parametrize(
    ("pipeline", "given", "said"),
    [
        ("callable-doubler", {"n": "two"}, "input.n"),
        ("callable-nobody", {}, "callable-nobody"),
        ("not-to-be-called", {}, "do not fit the tool pipelines_run"),
    ],
)
async def test_what_cannot_be_run_is_said(runs: Runs, pipeline: str, given: Document, said: str) -> None:
    await doubler(runs)
    await runs.store({"name": "not-to-be-called", "steps": [value("x", 1)]})
    run = await runs.run([step(pipeline, given)])
    assert run["error"]["kind"] == "tool_failed"
    assert said in run["error"]["message"]


async def test_what_failed_within_is_told(runs: Runs) -> None:
    await runs.store({"name": "callable-failing", "steps": [value("x", "{{ 1 / 0 }}")]})
    run = await runs.run([step("callable-failing", on_error="continue")], outputs={"e": "{{ p.error }}"})
    assert run["output"]["e"]["kind"] == "invalid_request"
    assert "The pipeline 'callable-failing' gave nothing" in run["output"]["e"]["message"]


async def test_pipelines_that_run_themselves_come_to_an_end(runs: Runs) -> None:
    await runs.store({"name": "recursive", "steps": [step("recursive")]})
    run = await runs.ended(await runs.start("recursive"))
    assert run["state"] == "failed"
    deepest, depth = run, 1
    while "run" in deepest["steps"][0]:
        deepest, depth = await runs.get(deepest["steps"][0]["run"]), depth + 1
    assert depth == 10
    assert "nested 10 deep" in deepest["error"]["message"]


async def test_a_called_run_spends_of_the_run_that_called(runs: Runs) -> None:
    steps = [{"id": name, "kind": "agent", "prompt": name, "max_output_tokens": 10} for name in ("x", "y")]
    await runs.store({"name": "callable-dear", "defaults": {"model": "sim:sim-fast"}, "steps": steps})
    run = await runs.run([step("callable-dear")], budget={"calls": 1})
    assert (run["state"], run["error"]["kind"]) == ("failed", "budget_exceeded")
    inner = await runs.get(run["steps"][0]["run"])
    assert (inner["calls"], inner["error"]["kind"]) == (1, "budget_exceeded")


async def test_a_called_run_is_cancelled_with_the_run_that_called(runs: Runs) -> None:
    await runs.store({"name": "callable-waiting", "steps": [{"id": "ok", "kind": "approval", "value": 1}]})
    runs.house.simulator.scenario(
        {"tool_calls": [calling("callable-waiting")]}, match={"contains": "ask them"}, times=1
    )
    steps = [{"id": "a", "kind": "agent", "prompt": "ask them", "tools": ["pipelines_run"]}]
    run_id = await runs.begin(steps)
    shown = await runs.until(run_id, lambda one: "run" in one["steps"][0])
    inner = shown["steps"][0]["run"]
    await runs.awaits(inner, "ok")
    await runs.act(run_id, "cancel")
    assert (await runs.ended(run_id))["state"] == "cancelled"
    assert (await runs.ended(inner))["state"] == "cancelled"


async def test_pipelines_called_at_once_run_at_once(runs: Runs) -> None:
    waits = {"id": "ok", "kind": "approval", "value": "{{ n }}"}
    outputs = {"n": "{{ ok.result.value }}"}
    await runs.store({"name": "callable-asking", "inputs": {"n": "integer"}, "outputs": outputs, "steps": [waits]})
    calls = [calling("callable-asking", {"n": n}) for n in (1, 2, 3)]
    runs.house.simulator.scenario({"tool_calls": calls}, match={"contains": "ask all of them"}, times=1)
    steps = [{"id": "a", "kind": "agent", "prompt": "ask all of them", "tools": ["pipelines_run"]}]
    run_id = await runs.begin(steps)
    await runs.until(run_id, lambda one: "run" in one["steps"][0])
    listed = (await runs.http.get("/api/runs?pipeline=callable-asking")).json()["data"]
    inner = [one["id"] for one in listed if one["parent"]["run"] == run_id]
    assert len(inner) == 3
    for one in inner:
        await runs.awaits(one, "ok")
    for one in reversed(inner):
        await runs.act(one, "approve")
    said = (await runs.completed(run_id))["output"]["result"]
    assert [said.count(f'{{"n":{n}}}') for n in (1, 2, 3)] == [1, 1, 1]


async def test_a_tool_that_was_not_offered_is_not_called(runs: Runs) -> None:
    await doubler(runs)
    calls = [calling("callable-doubler", {"n": 4}), {"name": "files_write", "arguments": {"path": "x", "text": "y"}}]
    runs.house.simulator.scenario({"tool_calls": calls}, match={"contains": "do more than you may"}, times=1)
    steps = [{"id": "a", "kind": "agent", "prompt": "do more than you may", "tools": ["files_list"], "max_steps": 3}]
    run = await runs.completed(await runs.begin(steps))
    assert "There is no tool 'pipelines_run' here." in run["output"]["result"]
    assert "There is no tool 'files_write' here." in run["output"]["result"]
    assert "run" not in run["steps"][0]


async def test_the_bound_says_that_anything_may_be_run(runs: Runs) -> None:
    stored = await runs.store({"name": "bound-of-calls", "steps": [step("callable-doubler", {"n": 1})]})
    assert stored["bound"]["total"]["unknown"] == ["pipelines_run"]
    assert stored["bound"]["total"]["proven"] is False
