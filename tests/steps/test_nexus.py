"""The Nexus service from a workflow that knows nothing of us but names: the example, over a plain client."""

import importlib.util
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError
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


async def asked(temporal: EmbeddedTemporal, *arguments: str) -> dict[str, Any]:
    inquiry, queue = example().Inquiry, f"caller-{uuid4()}"
    client = await Client.connect(temporal.address)
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue=queue, workflows=[inquiry], workflow_runner=runner):
        answer: dict[str, Any] = await client.execute_workflow(
            "Inquiry", args=list(arguments), id=queue, task_queue=queue, result_type=dict[str, Any]
        )
    return answer


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
    causes = []
    error: BaseException | None = raised.value
    while error is not None:
        causes.append(str(error))
        error = error.__cause__
    assert "nope-nope" in " ".join(causes)
    assert house.asked() == []
