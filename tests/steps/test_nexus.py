"""The Nexus service from a workflow that knows nothing of us but names: the example, over a plain client."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.fixtures.house import Running
from workers.embedded.temporal import EmbeddedTemporal

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

EXAMPLE = Path(__file__).parents[2] / "examples" / "nexus" / "caller.py"


def example() -> Any:
    spec = importlib.util.spec_from_file_location("nexus_caller", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@asynccontextmanager
async def calling(
    temporal: EmbeddedTemporal, name: str, *arguments: Any, namespace: str = "default", key: str | None = None
) -> AsyncIterator[WorkflowHandle[Any, dict[str, Any]]]:
    """The example's workflow of that name, which runs."""
    code, queue = example(), key or f"caller-{uuid4()}"
    client = await Client.connect(temporal.address, namespace=namespace)
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue=queue, workflows=[code.Inquiry, code.Report], workflow_runner=runner):
        yield await client.start_workflow(
            name, args=list(arguments), id=queue, task_queue=queue, result_type=dict[str, Any]
        )


async def asked(temporal: EmbeddedTemporal, *arguments: str) -> dict[str, Any]:
    async with calling(temporal, "Inquiry", *arguments) as handle:
        return await handle.result()


def causes(error: BaseException | None) -> list[BaseException]:
    """The error, and what it came from."""
    found = []
    while error is not None:
        found.append(error)
        error = error.__cause__
    return found


async def test_a_workflow_of_somebody_else_is_answered(house: Running, temporal_server: EmbeddedTemporal) -> None:
    answer = await asked(temporal_server, "When do you close?", "sim:sim-echo")
    assert answer["state"] == "completed"
    assert "When do you close?" in answer["content"]
    assert answer["model"] == "sim:sim-echo"
    assert float(answer["cost_usd"]) > 0
    assert answer["usage"]["total_tokens"] > 0
    async with house.http() as http:
        step = (await http.get(f"/api/steps/{answer['step_id']}")).raise_for_status().json()
    assert step["template"] == {"name": "customer_inquiry", "version": 0}
    assert len(house.asked()) == 1


async def test_a_model_that_fails_is_an_answer_too(house: Running, temporal_server: EmbeddedTemporal) -> None:
    answer = await asked(temporal_server, "Hi", "sim:sim-auth")
    assert (answer["state"], answer["error_kind"]) == ("failed", "authentication")


async def test_a_request_that_is_wrong_fails_at_once(house: Running, temporal_server: EmbeddedTemporal) -> None:
    with pytest.raises(WorkflowFailureError) as raised:
        await asked(temporal_server, "Hi", "sim:nope-nope")
    assert "nope-nope" in " ".join(map(str, causes(raised.value)))
    assert house.asked() == []


async def stored(house: Running, *steps: dict[str, Any], **fields: Any) -> str:
    """A pipeline of these steps; its name."""
    name = f"by-nexus-{uuid4().hex[:12]}"
    document = {"name": name, "defaults": {"model": "sim:sim-echo"}, **fields, "steps": list(steps)}
    async with house.http() as http:
        answer = await http.post("/api/pipelines", content=yaml.safe_dump(document, sort_keys=False))
    assert answer.status_code == 201, answer.text
    return name


ASKS = {"id": "say", "kind": "agent", "prompt": "Say {{ topic }}"}
TOPIC = {"inputs": {"topic": {"type": "string"}}}


async def runs_of(house: Running, pipeline: str) -> list[dict[str, Any]]:
    async with house.http() as http:
        found: list[dict[str, Any]] = (await http.get("/api/runs", params={"pipeline": pipeline})).json()["data"]
    return found


async def until_it_waits(house: Running, pipeline: str) -> None:
    """Return when the pipeline's run has come to where somebody is asked."""
    async with asyncio.timeout(30), house.http() as http:
        while True:
            for one in await runs_of(house, pipeline):
                if (await http.get(f"/api/runs/{one['id']}")).json()["waiting"]:
                    return
            await asyncio.sleep(0.05)


async def until_operation_runs(handle: WorkflowHandle[Any, Any]) -> None:
    """Return when the operation of the workflow has started."""
    async with asyncio.timeout(30):
        while True:
            if any(
                one.event_type == EventType.EVENT_TYPE_NEXUS_OPERATION_STARTED
                for one in (await handle.fetch_history()).events
            ):
                return
            await asyncio.sleep(0.05)


async def test_a_pipeline_is_run_for_a_workflow_of_another_namespace(
    house: Running, temporal_server: EmbeddedTemporal
) -> None:
    pipeline = await stored(house, ASKS, **TOPIC, outputs={"said": "{{ say.result }}"})
    namespace = f"others-{uuid4().hex[:8]}"
    request = RegisterNamespaceRequest(namespace=namespace)
    request.workflow_execution_retention_period.FromTimedelta(timedelta(days=1))
    await house.house.temporal.workflow_service.register_namespace(request)
    async with calling(temporal_server, "Report", pipeline, {"topic": "tea"}, namespace=namespace) as handle:
        told = await handle.result()
    assert (told["state"], told["pipeline"], told["calls"]) == ("completed", pipeline, 1)
    assert "Say tea" in told["output"]["said"]
    assert float(told["cost_usd"]) > 0
    (run,) = await runs_of(house, pipeline)
    assert run["id"] == told["run_id"]
    # The key is the run, through whatever door.
    async with house.http() as http:
        body, key = {"input": {"topic": "tea"}}, {"Idempotency-Key": handle.id}
        again = await http.post(f"/api/pipelines/{pipeline}/runs", json=body, headers=key)
    assert again.json()["id"] == told["run_id"]
    assert len(house.asked()) == 1


async def test_a_run_that_fails_fails_the_operation(house: Running, temporal_server: EmbeddedTemporal) -> None:
    pipeline = await stored(house, ASKS, **TOPIC, defaults={"model": "sim:sim-auth"})
    async with calling(temporal_server, "Report", pipeline, {"topic": "tea"}) as handle:
        with pytest.raises(WorkflowFailureError) as raised:
            await handle.result()
    failed = next(one for one in causes(raised.value) if isinstance(one, ApplicationError))
    assert failed.type == "authentication"
    assert "The step 'say' failed" in failed.message
    (run,) = await runs_of(house, pipeline)
    assert failed.details[0]["run_id"] == run["id"]
    assert failed.details[0]["error_step"] == "say"


async def test_an_output_that_temporal_does_not_carry_is_told_of(
    house: Running, temporal_server: EmbeddedTemporal
) -> None:
    long = {"id": "t", "kind": "transform", "template": "{% for n in range(10000) %}" + 90 * "x" + "{% endfor %}"}
    pipeline = await stored(house, long, outputs={"one": "{{ t.result }}", "two": "{{ t.result }}"})
    async with calling(temporal_server, "Report", pipeline, {}) as handle:
        with pytest.raises(WorkflowFailureError) as raised:
            await handle.result()
    (listed,) = await runs_of(house, pipeline)
    assert f"Read it from /api/runs/{listed['id']}." in " ".join(map(str, causes(raised.value)))
    async with house.http() as http:
        run = (await http.get(f"/api/runs/{listed['id']}")).json()
    assert run["state"] == "completed"
    assert {name: len(said) for name, said in run["output"].items()} == {"one": 900_000, "two": 900_000}


async def test_inputs_that_do_not_fit_fail_at_once(house: Running, temporal_server: EmbeddedTemporal) -> None:
    pipeline = await stored(house, ASKS, **TOPIC)
    async with calling(temporal_server, "Report", pipeline, {"topc": "tea"}) as handle:
        with pytest.raises(WorkflowFailureError) as raised:
            await handle.result()
    assert "'topic' is missing" in " ".join(map(str, causes(raised.value)))
    assert await runs_of(house, pipeline) == []


@pytest.mark.parametrize("beside", [False, True])
async def test_cancelling_the_operation_cancels_the_run(
    house: Running, temporal_server: EmbeddedTemporal, *, beside: bool
) -> None:
    """Also where the run was started by another door, whose run it is."""
    pipeline, key = await stored(house, {"id": "ask", "kind": "approval"}), f"caller-{uuid4()}"
    if beside:
        async with house.http() as http:
            sent = await http.post(f"/api/pipelines/{pipeline}/runs", json={}, headers={"Idempotency-Key": key})
        assert sent.status_code == 202, sent.text
    async with calling(temporal_server, "Report", pipeline, {}, key=key) as handle:
        await until_it_waits(house, pipeline)
        if beside:
            await until_operation_runs(handle)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as raised:
            await handle.result()
    assert isinstance(causes(raised.value)[-1], CancelledError)
    async with asyncio.timeout(30):
        # A run that another door started is told to stop, and ends by itself.
        while (run := (await runs_of(house, pipeline))[0])["finished_at"] is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert run["state"] == "cancelled"
