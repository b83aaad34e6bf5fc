"""Names that must never change: workflow ids, task queues, derived turn ids."""

from uuid import UUID, uuid5

TASK_QUEUE = "perdure-turns"
TURN_WORKFLOW = "Turn"
AI_STEP_WORKFLOW = "AiStep"
NEXUS_STEP_WORKFLOW = "NexusStep"
NEXUS_RUN_WORKFLOW = "NexusRun"
LANE_FREED_SIGNAL = "lane_freed"
BUDGET_RAISED_SIGNAL = "budget_raised"
SWEEP_WORKFLOW = "Sweep"
SWEEP_SCHEDULE = "perdure-sweep"
GAVE_UP = "gave-up-calling-back"
"""A patch: whoever may not call back any more notes it."""

_TURN_NAMESPACE = UUID("5d0c9f0e-6d3c-4f5e-9a53-2d1f3c7b8a10")
_AI_STEP_NAMESPACE = UUID("c2a5e1d4-7b39-4d0e-9f52-8e6b1a3c4d70")
_CONVERSATION_NAMESPACE = UUID("0b4f0f1c-1f56-4f0a-8b0e-52d6a3e9c7f4")


def turn_workflow_id(turn_id: UUID) -> str:
    """The workflow id of a turn."""
    return f"turn/{turn_id}"


def keyed_turn_id(workspace_id: UUID, idempotency_key: str) -> UUID:
    """The turn that an idempotency key names in a workspace: the same key always names the same turn."""
    return uuid5(_TURN_NAMESPACE, f"{workspace_id}/{idempotency_key}")


def keyed_conversation_id(workspace_id: UUID, idempotency_key: str) -> UUID:
    """The conversation that begins with the turn of an idempotency key, where the request names none."""
    return uuid5(_CONVERSATION_NAMESPACE, f"{workspace_id}/{idempotency_key}")


def call_id(turn_id: UUID, step: int, attempt: int) -> str:
    """What names one provider call in the ledger and in the provider's own log."""
    return f"{turn_id}/{step}/{attempt}"


def ai_step_workflow_id(step_id: UUID) -> str:
    """The workflow id of an AI step."""
    return f"ai-step/{step_id}"


def ai_step_telling_id(step_id: UUID) -> str:
    """The workflow id under which the result of an AI step is told once more."""
    return f"ai-step/{step_id}/callback"


def keyed_ai_step_id(workspace_id: UUID, idempotency_key: str) -> UUID:
    """The AI step that an idempotency key names in a workspace."""
    return uuid5(_AI_STEP_NAMESPACE, f"{workspace_id}/{idempotency_key}")


def ai_step_turn_key(step_id: UUID, sample: int, attempt: int) -> str:
    """The idempotency key of the turn that answers in an AI step: the same attempt always has the same turn."""
    return f"ai-step/{step_id}/{sample}/{attempt}"


AI_STEP_BUDGETS = "ai-step/"
"""What the names of AI steps' own budgets begin with."""


def ai_step_budget(step_id: UUID, sample: int | None = None) -> str:
    """What names the budget that a step makes of its cost limit: `ai-step/{step_id}@{sample}`. Each sample has it for itself."""
    return f"{AI_STEP_BUDGETS}{step_id}" + ("" if sample is None else f"@{sample}")


PIPELINE_WORKFLOW = "Pipeline"
NUDGE_SIGNAL = "nudge"

_RUN_NAMESPACE = UUID("9b7c1d52-8f0e-4a6b-a3f1-6c2e4d8b9f07")


def run_workflow_id(run_id: UUID, step_id: str | None = None, place: tuple[int, ...] = ()) -> str:
    """The workflow id of a run, or of a map or loop in it: `run/{run_id}/{step}.{place}`."""
    if step_id is None:
        return f"run/{run_id}"
    return f"run/{run_id}/{step_key(step_id, place)}"


def step_key(step_id: str, place: tuple[int, ...] = ()) -> str:
    """A step of a run in words: `look.2.5` is `look` in the sixth item of the second round."""
    return ".".join((step_id, *map(str, place)))


def nexus_run_workflow_id(run_id: UUID) -> str:
    """The workflow id of an operation by Nexus that runs a pipeline."""
    return f"nexus-run/{run_id}"


def keyed_run_id(workspace_id: UUID, idempotency_key: str) -> UUID:
    """The run that an idempotency key names in a workspace."""
    return uuid5(_RUN_NAMESPACE, f"{workspace_id}/{idempotency_key}")


def step_turn_id(run_id: UUID, step: str, attempt: int, thread: str, number: int) -> UUID:
    """The turn that answers in a step: the same question always has the same turn, so that it is paid for once."""
    return uuid5(_RUN_NAMESPACE, f"{run_id}/{step}/{attempt}/{thread}/{number}")


def inner_run_id(run_id: UUID, step: str, attempt: int) -> UUID:
    """The run of another pipeline that a step starts."""
    return uuid5(_RUN_NAMESPACE, f"{run_id}/{step}/{attempt}/run")


def called_run_id(run_id: UUID, step: str, attempt: int, call: str) -> UUID:
    """The run that a call of the tool `pipelines_run` starts: the same call always has the same run."""
    return uuid5(_RUN_NAMESPACE, f"{run_id}/{step}/{attempt}/{call}/run")


def run_budget(run_id: UUID, step_id: str = "", place: tuple[int, ...] = ()) -> str:
    """What names the budget of a run, or of a step in it: `{run_id}/{step}@{place}`. Each place of a step has it for itself."""
    return f"{run_id}/{step_id}" + ("@" + ".".join(map(str, place)) if place else "")


def triggered_run_id(trigger_id: UUID, occasion: str) -> UUID:
    """The run that a trigger starts for one occasion: a delivery, a time, another run's end."""
    return uuid5(_RUN_NAMESPACE, f"{trigger_id}/{occasion}")


TRIGGER_WORKFLOW = "ScheduledRun"


def schedule_id(trigger_id: UUID) -> str:
    """The id of a trigger's schedule in Temporal."""
    return f"schedule/{trigger_id}"


QUEUE_KEY = ""
"""What a nudge names for a run that waits for its turn; no step is called so."""

CALLBACK_WORKFLOW = "RunCallback"


def callback_workflow_id(run_id: UUID, generation: str) -> str:
    """The workflow id of telling a run's end; `generation` is the Temporal run that ended it."""
    return f"run-callback/{run_id}/{generation}"


BATCH_WORKFLOW = "Batch"
BATCH_PART_WORKFLOW = "BatchPart"
BATCH_CANCELLED_SIGNAL = "batch_cancelled"

_BATCH_NAMESPACE = UUID("4f1d7a6e-2c58-4b93-9d0a-7e3b5c8f1a26")


def batch_workflow_id(batch_id: UUID, part: int | None = None) -> str:
    """The workflow id of a batch, or of a part of it."""
    return f"batch/{batch_id}" if part is None else f"batch/{batch_id}/{part}"


def keyed_batch_id(workspace_id: UUID, idempotency_key: str) -> UUID:
    """The batch that an idempotency key names in a workspace."""
    return uuid5(_BATCH_NAMESPACE, f"{workspace_id}/{idempotency_key}")


def batch_marker(batch_id: UUID, part: int) -> str:
    """What a vendor's batch is found by: 32 hexadecimal digits."""
    return uuid5(_BATCH_NAMESPACE, f"{batch_id}/{part}").hex
