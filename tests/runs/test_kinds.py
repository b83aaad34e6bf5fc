"""Each kind of step, and what follows when it fails: whole house, simulated vendors."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.runs.acting import Document, Runs, states
from tests.runs.tools import SAID, Counting

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

REPLAYED = True

NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def value(name: str, said: Any, **more: Any) -> Document:
    return {"id": name, "kind": "transform", "value": said, **more}


def broken(name: str, **more: Any) -> Document:
    """A step that fails whenever it runs."""
    return {"id": name, "kind": "transform", "cel": "1 / (size(run.id) - size(run.id))", **more}


async def test_values_are_worked_out(runs: Runs) -> None:
    steps = [
        value("a", {"list": [1, 2], "text": "{{ topic }}!"}),
        {"id": "b", "kind": "transform", "cel": "size(a.result.list) * times", "variables": {"times": "{{ 1 + 1 }}"}},
        {"id": "c", "kind": "transform", "template": "{{ a.result.text }} {{ b.result }}"},
        value("d", "{{ a.result.list }}", when="b.result > 100"),
        value("e", 1, needs=["d"]),
    ]
    outputs = {"c": "{{ c.result }}", "d": "{{ d.state }}"}
    run = await runs.run(steps, {"topic": "tea"}, inputs={"topic": "string"}, outputs=outputs)
    assert run["output"] == {"c": "tea! 4", "d": "skipped"}
    assert states(run)["e"] == "skipped"


async def test_a_generated_value_follows_its_schema_after_correction(runs: Runs) -> None:
    scenario = {"text": "three, I think"}
    runs.house.simulator.scenario(scenario, match={"contains": "how many legs"}, times=1)
    steps = [{"id": "legs", "kind": "generate", "prompt": "how many legs?", "schema": NUMBER}]
    run = await runs.run(steps)
    assert run["state"] == "completed", run
    found = await runs.step(run["id"], "legs")
    assert found["output"]["attempts"] == 2
    assert found["output"]["confidence"] == 1.0
    assert isinstance(found["output"]["result"]["n"], int)


async def test_samples_agree(runs: Runs) -> None:
    runs.house.simulator.scenario({"text": '{"n": 4}'}, match={"contains": "sampled"}, times=2)
    runs.house.simulator.scenario({"text": '{"n": 5}'}, match={"contains": "sampled"}, times=1)
    steps = [{"id": "legs", "kind": "generate", "prompt": "sampled", "schema": NUMBER, "samples": 3}]
    run = await runs.run(steps)
    found = await runs.step(run["id"], "legs")
    assert found["output"]["result"] == {"n": 4}
    # Of the other two one says the same.
    assert found["output"]["confidence"] == pytest.approx(1 / 2)


async def test_a_step_that_fails_is_tried_again_and_then_fails_the_run(runs: Runs) -> None:
    runs.house.simulator.scenario({"text": "no"}, match={"contains": "stubborn"})
    steps = [
        {
            "id": "x",
            "kind": "generate",
            "prompt": "stubborn",
            "schema": NUMBER,
            "attempts": 1,
            "retry": {"attempts": 3, "first_wait": 0.05},
        },
        value("after", "{{ x.result.n }}"),
    ]
    run = await runs.run(steps)
    assert run["state"] == "failed"
    assert run["error"]["step"] == "x"
    assert "No answer followed the schema" in run["error"]["message"]
    (x, after) = run["steps"]
    assert (x["attempt"], x["turns"], x["state"]) == (3, 3, "failed")
    assert after["state"] == "skipped"


@pytest.mark.parametrize(
    ("on_error", "state", "result"),
    [("skip", "skipped", None), ("continue", "failed", None), ({"fallback": "spare"}, "completed", "spare failed")],
    ids=["skip", "continue", "fallback"],
)
async def test_what_follows_a_failure(runs: Runs, on_error: Any, state: str, result: Any) -> None:
    steps = [broken("x", on_error=on_error), value("after", "{{ [x.state, x.result] }}", needs=[])]
    if isinstance(on_error, dict):
        steps.append({"id": "spare", "kind": "transform", "template": "spare {{ x.state }}"})
    run = await runs.run(steps, outputs={"x": "{{ x.result }}", "state": "{{ x.state }}"})
    assert run["state"] == "completed", run
    assert run["output"] == {"x": result, "state": state}


async def test_a_map_drops_or_keeps_what_fails(runs: Runs) -> None:
    inner = [{"id": "half", "kind": "transform", "cel": "12 / one"}]
    for policy, result in (("drop", [12, 4]), ("keep", [12, None, 4])):
        steps = [{"id": "m", "kind": "map", "over": [1, 0, 3], "as": "one", "on_item_error": policy, "steps": inner}]
        run = await runs.run(steps, outputs={"m": "{{ m.result }}", "failed": "{{ m.failed }}"})
        assert run["output"]["m"] == result
        (failed,) = run["output"]["failed"]
        assert (failed["index"], failed["error"]["kind"]) == (1, "invalid_request")
        assert next(one for one in run["steps"] if one["id"] == "m")["items"] == {"completed": 2, "failed": 1}


async def test_a_map_fails_with_an_item_or_with_too_many(runs: Runs) -> None:
    inner = [{"id": "half", "kind": "transform", "cel": "12 / one"}]
    base = {"id": "m", "kind": "map", "over": [0, 0, 3], "as": "one", "steps": inner}
    run = await runs.run([base])
    assert (run["state"], run["error"]["step"]) == ("failed", "m")
    assert "item " in run["error"]["message"]
    run = await runs.run([{**base, "on_item_error": "drop", "max_failures": 1}])
    assert run["state"] == "failed"
    run = await runs.run([{**base, "over": "{{ range(3) | list }}", "max_items": 2}])
    assert "max_items" in run["error"]["message"]


async def test_a_loop_carries_on_until_it_is_met(runs: Runs) -> None:
    loop = {
        "id": "l",
        "kind": "loop",
        "until": "carry.sum >= 10",
        "max_rounds": 9,
        "carry": {"sum": {"start": 0, "next": "{{ carry.sum + add.result }}"}},
        "steps": [value("add", "{{ round * 2 }}")],
    }
    out = {name: "{{ l." + name + " }}" for name in ("result", "rounds", "met", "carry")}
    run = await runs.run([loop], outputs=out)
    assert run["output"] == {"result": 6, "rounds": 3, "met": True, "carry": {"sum": 12}}
    run = await runs.run([{**loop, "max_rounds": 2}], outputs=out)
    assert run["output"] == {"result": 4, "rounds": 2, "met": False, "carry": {"sum": 6}}
    run = await runs.run([{**loop, "max_rounds": 2, "on_exhausted": "fail"}])
    assert "after 2 rounds" in run["error"]["message"]


async def test_maps_stand_in_loops_in_branches(runs: Runs) -> None:
    inner = {"id": "m", "kind": "map", "over": [1, 2], "as": "one", "steps": [value("x", "{{ one * round }}")]}
    loop = {"id": "l", "kind": "loop", "until": "round == 3", "max_rounds": 3, "steps": [inner]}
    branch = {"id": "b", "kind": "branch", "cases": [{"name": "yes", "when": "run.id != ''", "steps": [loop]}]}
    run = await runs.run([branch], outputs={"b": "{{ b.result }}", "chosen": "{{ b.chosen }}"})
    assert run["output"] == {"b": [3, 6], "chosen": "yes"}
    assert (await runs.step(run["id"], "x.2.1"))["output"]["result"] == 4


async def test_a_panel_votes(runs: Runs) -> None:
    for name, said in (("a", "red"), ("b", "blue"), ("c", "red")):
        runs.house.simulator.scenario({"text": said}, match={"contains": f"member {name}"})
    members = [{"name": one, "prompt": f"member {one}"} for one in "abc"]
    steps = [{"id": "p", "kind": "parallel", "members": members, "decide": {"vote": {"quorum": 2}}}]
    run = await runs.run(steps, outputs={"won": "{{ p.result }}", "of": "{{ p.members }}"})
    assert run["output"] == {"won": "red", "of": {"a": "red", "b": "blue", "c": "red"}}


async def test_agents_hand_over(runs: Runs) -> None:
    call = {"name": "hand_over", "arguments": {"to": "sales", "message": "wants two"}}
    runs.house.simulator.scenario({"tool_calls": [call]}, match={"contains": "hello"}, times=1)
    runs.house.simulator.scenario({"text": "sold"}, match={"contains": "Handed over by front: wants two"}, times=1)
    steps = [{"id": "h", "kind": "handoff", "start": "front", "prompt": "hello", "agents": {"front": {}, "sales": {}}}]
    # What was handed over comes after the prompt, so that both scenarios see their words.
    run = await runs.run(steps, outputs={"said": "{{ h.result }}", "agent": "{{ h.agent }}"})
    assert run["state"] == "completed", run
    assert run["output"] == {"said": "sold", "agent": "sales"}


async def test_a_pipeline_runs_another(runs: Runs) -> None:
    await runs.store(
        {
            "name": "doubler",
            "inputs": {"n": "integer"},
            "outputs": {"double": "{{ x.result }}"},
            "steps": [value("x", "{{ n * 2 }}")],
        }
    )
    steps = [{"id": "p", "kind": "pipeline", "pipeline": "doubler", "input": {"n": 21}}]
    run = await runs.run(steps, outputs={"p": "{{ p.result.double }}"})
    assert run["output"] == {"p": 42}
    inner = await runs.get(run["steps"][0]["run"])
    assert inner["parent"] == {"run": run["id"], "step": "p"}


async def test_people_reject_or_miss_their_deadline(runs: Runs) -> None:
    ask = {"id": "ok", "kind": "approval", "value": 1}
    run_id = await runs.begin([ask])
    await runs.awaits(run_id, "ok")
    await runs.act(run_id, "reject", {"comment": "no"})
    run = await runs.ended(run_id)
    assert (run["state"], run["error"]["kind"]) == ("failed", "access_denied")
    run_id = await runs.begin([{**ask, "on_reject": "continue"}], outputs={"ok": "{{ ok.result }}"})
    await runs.awaits(run_id, "ok")
    await runs.act(run_id, "reject")
    run = await runs.completed(run_id)
    assert (run["output"]["ok"]["approved"], run["output"]["ok"]["value"]) == (False, 1)
    for then, state in (("approve", "completed"), ("reject", "failed"), ("fail", "failed")):
        run = await runs.run([{**ask, "deadline": 0.2, "on_deadline": then}])
        assert run["state"] == state, run
    refused = await runs.act(run_id, "approve", status=409)
    assert "has ended" in refused["detail"]


async def test_a_decision_has_to_fit(runs: Runs) -> None:
    steps = [
        {"id": "one", "kind": "approval", "value": "x", "output": {"type": "string"}},
        {"id": "two", "kind": "approval", "value": "y", "editable": False},
    ]
    run_id = await runs.begin(steps)
    await runs.awaits(run_id, "one")
    await runs.awaits(run_id, "two")
    assert "Several" in (await runs.act(run_id, "approve", status=409))["detail"]
    assert (await runs.act(run_id, "approve", {"step": "one", "value": 7}, status=400))["field"] == "value"
    await runs.act(run_id, "approve", {"step": "two", "value": 7}, status=400)
    await runs.act(run_id, "approve", {"step": "three"}, status=409)
    await runs.act(run_id, "approve", {"step": "two"})
    await runs.act(run_id, "approve", {"step": "one", "value": "z"})
    await runs.completed(run_id)
    assert (await runs.step(run_id, "one"))["output"]["result"]["value"] == "z"


async def test_events_are_awaited_and_kept(runs: Runs) -> None:
    steps = [
        {"id": "paid", "kind": "wait", "event": "paid", "output": {"type": "object"}},
        {"id": "late", "kind": "wait", "event": "never", "timeout": 0.2, "on_timeout": "continue"},
        {"id": "then", "kind": "wait", "event": "then", "needs": ["paid"]},
    ]
    run_id = await runs.begin(steps, outputs={"sum": "{{ paid.result.sum }}", "then": "{{ then.result }}"})
    await runs.act(run_id, "signal", {"event": "then", "payload": "early", "key": "k"})
    await runs.act(run_id, "signal", {"event": "then", "payload": "early", "key": "k"})
    await runs.awaits(run_id, "paid")
    await runs.act(run_id, "signal", {"event": "paid", "payload": {"sum": 3}})
    run = await runs.completed(run_id)
    assert run["output"] == {"sum": 3, "then": "early"}


async def test_a_paused_run_begins_nothing(runs: Runs) -> None:
    inner = [value("x", "{{ item }}")]
    steps = [
        {"id": "go", "kind": "wait", "event": "go"},
        {"id": "m", "kind": "map", "needs": ["go"], "over": [1, 2], "steps": inner},
    ]
    run_id = await runs.begin(steps)
    await runs.awaits(run_id, "go")
    assert (await runs.act(run_id, "pause"))["paused"]
    await runs.act(run_id, "signal", {"event": "go"})
    await runs.until(run_id, lambda shown: states(shown)["go"] == "completed")
    assert states(await runs.get(run_id))["m"] == "waiting"
    await runs.act(run_id, "resume")
    await runs.completed(run_id)


async def test_a_cancelled_run_keeps_what_it_has(runs: Runs) -> None:
    runs.house.simulator.scenario({"hold_until_released": True, "hold_after": 3}, match={"contains": "held back"})
    steps = [value("a", 1), {"id": "talk", "kind": "agent", "prompt": "held back", "needs": ["a"]}]
    run_id = await runs.begin(steps)
    await runs.until(run_id, lambda shown: shown["turns"] == 1 and runs.house.simulator.holding() > 0)
    assert (await runs.act(run_id, "cancel"))["cancel_requested"]
    run = await runs.ended(run_id)
    assert run["state"] == "cancelled"
    assert states(run) == {"a": "completed", "talk": "cancelled"}
    (turn,) = (await runs.step(run_id, "talk"))["turns"]
    assert turn["state"] == "cancelled"
    assert (await runs.act(run_id, "cancel"))["state"] == "cancelled"


async def test_a_step_has_its_time_and_so_has_a_run(runs: Runs) -> None:
    runs.house.simulator.scenario({"hold_until_released": True}, match={"contains": "for ever"})
    slow = {"id": "x", "kind": "agent", "prompt": "for ever"}
    run = await runs.run([{**slow, "timeout": 0.5, "on_error": "continue"}], outputs={"e": "{{ x.error.kind }}"})
    assert run["output"] == {"e": "timeout"}
    run = await runs.run([slow], timeout=0.5)
    assert (run["state"], run["error"]["kind"]) == ("failed", "timeout")
    assert states(run) == {"x": "cancelled"}


async def test_a_budget_is_not_exceeded_and_can_be_raised(runs: Runs) -> None:
    steps = [
        {"id": "a", "kind": "agent", "prompt": "one"},
        {"id": "b", "kind": "agent", "prompt": "two {{ a.result }}"},
    ]
    run = await runs.run(steps, budget={"calls": 1})
    assert (run["state"], run["error"]["kind"], run["calls"]) == ("failed", "budget_exceeded", 1)


async def test_a_key_names_a_run(runs: Runs) -> None:
    await runs.store({"name": "keyed", "inputs": {"n": "integer"}, "steps": [value("x", "{{ n }}")]})
    path, headers = "/api/pipelines/keyed/runs?wait=30", {"Idempotency-Key": "k-1"}
    one = await runs.http.post(path, json={"input": {"n": 1}}, headers=headers)
    assert one.status_code == httpx2.codes.OK
    await runs.store({"name": "keyed", "inputs": {"n": "integer"}, "steps": [value("x", "{{ n + 1 }}")]})
    two, three = await asyncio.gather(*(runs.http.post(path, json={"input": {"n": 1}}, headers=headers) for _ in "ab"))
    assert one.json() == two.json() == three.json()
    assert one.json()["output"] == {"result": 1}
    assert (await runs.http.post(path, json={"input": {"n": 2}}, headers=headers)).status_code == 409


async def test_inputs_that_do_not_fit_are_told_together(runs: Runs) -> None:
    await runs.store(
        {"name": "picky", "inputs": {"n": "integer", "t": "string"}, "steps": [value("x", "{{ n }}{{ t }}")]}
    )
    answer = await runs.http.post("/api/pipelines/picky/runs", json={"input": {"n": "1", "u": 2}})
    assert answer.status_code == 400
    said = answer.json()["detail"]
    assert "no input 'u'" in said
    assert "'t' is missing" in said
    assert "input.n" in said
    assert (await runs.http.post("/api/pipelines/nobody/runs", json={})).status_code == 404


async def test_a_former_result_is_used_again(runs: Runs) -> None:
    steps = [{"id": "a", "kind": "agent", "prompt": "remember {{ n }}", "cache": True}]
    first = await runs.run(steps, {"n": 1}, inputs={"n": "integer"})
    again = await runs.run(steps, {"n": 1}, inputs={"n": "integer"})
    other = await runs.run(steps, {"n": 2}, inputs={"n": "integer"})
    assert (first["calls"], again["calls"], other["calls"]) == (1, 0, 1)
    assert again["steps"][0]["reused"]
    assert again["output"] == first["output"]


async def test_tools_are_called_once(runs: Runs, tools: Counting) -> None:
    steps = [
        {"id": "t", "kind": "tool", "tool": "t", "arguments": {"x": "{{ run.id }}"}, "output": {"type": "string"}},
        {"id": "moody", "kind": "tool", "tool": "moody"},
        {"id": "lost", "kind": "tool", "tool": "lost", "retry": {"attempts": 3}, "on_error": "continue"},
    ]
    outputs = {"t": "{{ t.result }}", "moody": "{{ moody.result }}", "lost": "{{ lost.error }}"}
    run = await runs.run(steps, outputs=outputs)
    assert run["state"] == "completed", run
    assert (run["output"]["t"], run["output"]["moody"]) == (SAID, SAID)
    assert run["output"]["lost"]["kind"] == "tool_failed"
    made = [len(tools.made(f"{run['id']}/{name}/1/call")) for name in ("t", "moody", "lost")]
    assert made == [1, 3, 1]


async def test_an_agent_uses_tools(runs: Runs, tools: Counting) -> None:
    call = {"name": "web_search", "arguments": {"query": "tea"}}
    runs.house.simulator.scenario({"tool_calls": [call, call]}, match={"contains": "look it up"}, times=1)
    steps = [{"id": "a", "kind": "agent", "prompt": "look it up", "tools": ["web_*"], "max_steps": 3}]
    run = await runs.run(steps)
    assert run["state"] == "completed", run
    assert (run["turns"], run["calls"]) == (2, 2)
    assert len([one for one in tools.calls if run["id"] in one.idempotency_key]) == 2
    last = (await runs.step(run["id"], "a"))["turns"][-1]
    assert (await runs.http.get(f"/api/turns/{last['id']}")).json()["result"]["finish_reason"] == "stop"


async def test_somebody_agrees_to_a_careful_call(runs: Runs, tools: Counting) -> None:
    def made(run_id: str) -> int:
        return len([one for one in tools.calls if run_id in one.idempotency_key])

    step = {"id": "c", "kind": "tool", "tool": "careful", "arguments": {"x": 1}}
    run_id = await runs.begin([step])
    await runs.awaits(run_id, "c")
    assert (await runs.step(run_id, "c"))["awaits"]["show"] == {"calls": [{"tool": "careful", "arguments": {"x": 1}}]}
    assert made(run_id) == 0
    await runs.act(run_id, "approve")
    assert (await runs.completed(run_id))["output"] == {"result": SAID}
    assert made(run_id) == 1
    run_id = await runs.begin([step])
    await runs.awaits(run_id, "c")
    await runs.act(run_id, "reject", {"comment": "no"})
    run = await runs.ended(run_id)
    assert (run["state"], made(run_id)) == ("failed", 0)
    assert "rejected this call. They said: no" in run["error"]["message"]
    runs.house.simulator.scenario(
        {"tool_calls": [{"name": "careful", "arguments": {}}]}, match={"contains": "with care"}, times=1
    )
    run_id = await runs.begin([{"id": "a", "kind": "agent", "prompt": "with care", "tools": ["careful"]}])
    await runs.awaits(run_id, "a")
    await runs.act(run_id, "reject")
    assert (await runs.completed(run_id))["turns"] == 2
    assert made(run_id) == 0


async def test_an_agent_that_only_calls_tools_comes_to_an_end(runs: Runs) -> None:
    call = {"name": "t", "arguments": {}}
    runs.house.simulator.scenario({"tool_calls": [call]}, match={"model": "sim-on-and-on"})
    steps = [{"id": "a", "kind": "agent", "prompt": "x", "model": "sim:sim-on-and-on", "tools": ["t"], "max_steps": 2}]
    run = await runs.run(steps)
    assert (run["state"], run["turns"]) == ("failed", 2)
    assert "in 2 turns" in run["error"]["message"]


async def test_a_tool_that_is_not_there_is_named(runs: Runs) -> None:
    run = await runs.run([{"id": "t", "kind": "tool", "tool": "files_lost", "arguments": {"path": "x"}}])
    assert run["error"]["kind"] == "tool_failed"
    assert "There is no tool 'files_lost'" in run["error"]["message"]
    run = await runs.run([{"id": "a", "kind": "agent", "prompt": "x", "tools": ["recall"]}])
    assert "'recall' is not registered" in run["error"]["message"]
