"""The strategy `auto`: how good a model a request needs, from its task and its difficulty."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.routing import RoutingContext, TaskType
from domain.routing.asking import Classification

if TYPE_CHECKING:
    from domain.routing.columns import Floats

EASIEST, HARDEST = 0.35, 0.90
"""The quality that the easiest and the hardest request ask for; between them it rises in a line."""

SHIFT = 0.1
"""By how much cost sensitivity lowers the quality asked for, or its opposite and the wish for quality raise it."""

TAGGED = 0.05
"""How much better than its tier a model counts that is tagged with the request's task (`code`, `translation`, ...)."""

USUAL_DIFFICULTY: dict[TaskType, float] = {
    TaskType.SIMPLE: 0.2,
    TaskType.EXTRACTION: 0.3,
    TaskType.TRANSLATION: 0.35,
    TaskType.CREATIVE: 0.5,
    TaskType.TOOL_USE: 0.5,
    TaskType.ANALYTICAL: 0.65,
    TaskType.CODE: 0.65,
    TaskType.COMPLEX: 0.8,
}
"""Where only the task is known."""

UNKNOWN = 0.5


@dataclass(frozen=True, slots=True)
class Demand:
    """What a request was taken for. `certain` from 0 to 1: 1 where the request said it itself."""

    task: TaskType | None
    difficulty: float
    known: bool
    certain: float = 1.0


def demand(context: RoutingContext, classified: Classification | None) -> Demand:
    """The request's own words first, then the classifier's, then what is usual for the task.

    A classifier that is unsure is believed as far as it is sure; for the rest the difficulty is taken to be in the middle.
    """
    task = context.task or (classified.task if classified else None)
    if context.difficulty is not None:
        return Demand(task, context.difficulty, known=True)
    if classified is not None:
        sure = classified.confidence
        return Demand(task, sure * classified.difficulty + (1 - sure) * UNKNOWN, known=True, certain=sure)
    if task is not None:
        return Demand(task, USUAL_DIFFICULTY[task], known=True)
    return Demand(None, UNKNOWN, known=False)


def quality_asked(difficulty: float, context: RoutingContext) -> float:
    """The quality that a model must have for a request of this difficulty (0 to 1)."""
    asked = EASIEST + (HARDEST - EASIEST) * difficulty
    asked += {"high": -SHIFT, "medium": 0.0, "low": SHIFT}[context.cost_sensitivity or "medium"]
    if context.latency == "quality":
        asked += SHIFT
    return max(0.0, min(1.0, asked))


def auto_scores(quality: "Floats", asked: float, worth: "Floats") -> "Floats":
    """From a half upwards for a model that is good enough, the more the cheaper it is (`worth` from 0 to 1).

    Below a half for the others, the more the better they are.
    """
    import numpy as np

    return np.where(quality >= asked, 0.5 + worth / 2, 0.5 * quality / max(asked, 1e-9))
