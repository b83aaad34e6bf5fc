"""A workflow of your own that has Perdure answer: `python caller.py "What is a durable workflow?"`.

It needs nothing of Perdure but the names of the endpoint, the service and the operation.
"""

import asyncio
import sys
from typing import Any

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

ENDPOINT, SERVICE, QUEUE = "perdure-ai", "perdure.ai", "my-queue"


@workflow.defn
class Inquiry:
    """Answers an inquiry; the model call is Perdure's, retried, failed over and paid once."""

    @workflow.run
    async def run(self, inquiry: str, model: str = "auto") -> dict[str, Any]:
        """Ask Perdure for one AI step."""
        perdure = workflow.create_nexus_client(service=SERVICE, endpoint=ENDPOINT)
        asked = {"template": "customer_inquiry", "variables": {"inquiry": inquiry}, "model": model}
        answer: dict[str, Any] = await perdure.execute_operation("step", asked, output_type=dict[str, Any])
        return answer


@workflow.defn
class Report:
    """Runs a stored pipeline to its end, however long that takes. Cancelled, it cancels the run."""

    @workflow.run
    async def run(self, pipeline: str, given: dict[str, Any]) -> dict[str, Any]:
        """Run it once: the key makes it the same run, whoever asks again."""
        perdure = workflow.create_nexus_client(service=SERVICE, endpoint=ENDPOINT)
        asked = {"pipeline": pipeline, "input": given, "idempotency_key": workflow.info().workflow_id}
        ended: dict[str, Any] = await perdure.execute_operation("run_pipeline", asked, output_type=dict[str, Any])
        return ended


async def main(inquiry: str) -> None:
    """Run one inquiry on the local Temporal."""
    client = await Client.connect("127.0.0.1:7233")
    async with Worker(client, task_queue=QUEUE, workflows=[Inquiry, Report]):
        answer = await client.execute_workflow(Inquiry.run, inquiry, id="inquiry", task_queue=QUEUE)
    sys.stdout.write(f"{answer['content']}\n{answer['model']}, {answer['cost_usd']} USD\n")


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:]) or "When do you close?"))
