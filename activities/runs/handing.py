"""A handoff: agents hand a matter over to each other."""

from typing import Any

import orjson

from activities.runs.ending import complete
from activities.runs.present import Present
from activities.runs.threads import Answered, Asking, Calling, advance
from activities.runs.working import Busy, asking_of, busy, worker_says
from contracts.parts import ToolCallPart
from contracts.pipelines.steps import HandoffStep
from contracts.requests import FunctionTool
from contracts.run_activities import Ended
from domain.runs.asking import HAND_OVER


async def handoff(present: Present, step: HandoffStep) -> Ended | Busy:
    """The agent whose turn it is works, until one answers rather than hand over."""
    held: list[dict[str, str]] = present.progress.setdefault("held", [{"agent": step.start, "before": ""}])
    while True:
        now = held[-1]
        standing = await advance(present, _asking(present, step, len(held) - 1, now))
        if isinstance(standing, Answered):
            return await complete(present, standing.value, agent=now["agent"])
        handed = _handed(standing.calls.values(), step, now["agent"]) if isinstance(standing, Calling) else None
        if handed is None:
            return await busy(present, [standing])
        held.append(handed)


def _asking(present: Present, step: HandoffStep, number: int, now: dict[str, str]) -> Asking:
    worker = step.agents[now["agent"]]
    to = _colleagues(step, now["agent"])
    offered = [_hand_over(to)] if to and number < step.max_handoffs else []

    async def said() -> Any:
        return await worker_says(present, worker, around=step, before=now["before"])

    return asking_of(present, f"{number}-{now['agent']}", worker, said, offered)


def _colleagues(step: HandoffStep, agent: str) -> tuple[str, ...]:
    to = step.agents[agent].to
    return to if to is not None else tuple(name for name in step.agents if name != agent)


def _hand_over(to: tuple[str, ...]) -> FunctionTool:
    return FunctionTool(
        name=HAND_OVER,
        description="Hand the matter over to a colleague who is better fit for it, and end your own work.",
        parameters={
            "type": "object",
            "properties": {
                "to": {"type": "string", "enum": list(to)},
                "message": {"type": "string", "description": "What the colleague has to know."},
            },
            "required": ["to", "message"],
            "additionalProperties": False,
        },
    )


def _handed(calls: Any, step: HandoffStep, agent: str) -> dict[str, str] | None:
    """The next agent and what it is told, where one of the calls hands over to somebody who is there."""
    for call in calls:
        if not isinstance(call, ToolCallPart) or call.name != HAND_OVER:
            continue
        try:
            said = orjson.loads(call.arguments)
            to, message = said["to"], str(said.get("message", ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        if to in _colleagues(step, agent):
            return {"agent": to, "before": f"Handed over by {agent}: {message}"}
    return None
