"""A worker whose code has moved on: its runs do something first that those of before did not."""

import sys

from temporalio import workflow

import workers.worker
from contracts.run_activities import EndedScope, Scope
from workflows.pipeline import PipelineWorkflow

PATCH = "breathes-first"


@workflow.defn(name="Pipeline")
class ChangedPipelineWorkflow(PipelineWorkflow):
    """The next version of a run."""

    @workflow.run
    async def run(self, scope: Scope) -> EndedScope:
        if workflow.patched(PATCH):
            await workflow.sleep(0.001)
        return await super().run(scope)


def main() -> None:
    workers.worker.WORKFLOWS = tuple(
        ChangedPipelineWorkflow if one is PipelineWorkflow else one for one in workers.worker.WORKFLOWS
    )
    from cli import main as perdure

    sys.argv = ["perdure", "worker"]
    perdure()


if __name__ == "__main__":
    main()
