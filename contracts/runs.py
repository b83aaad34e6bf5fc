"""Words of a run: where it stands, and what a workflow knows of its steps."""

from enum import StrEnum

from contracts.base import Contract

Place = tuple[int, ...]
"""Where in the maps and loops around it a step stands, from the outermost: positions of items from 0, rounds from 1."""


class RunState(StrEnum):
    """Where a run stands. `accepted` covers waiting for a worker."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        """Nothing more will happen to the run, unless it is retried."""
        return self in (RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED)


class StepOutline(Contract):
    """What a workflow has to know of a step to start it when its time has come; see `PlannedStep`.

    `timeout` is for one attempt, in seconds; steps that wait for people, time or events have none here. `bodies` are the lists
    of steps in it, of branches alone: maps and loops open theirs themselves.
    """

    id: str
    needs: tuple[str, ...] = ()
    fallback: str | None = None
    stands_in_for: str | None = None
    timeout: float | None = None
    bodies: "tuple[tuple[StepOutline, ...], ...]" = ()


StepOutline.model_rebuild()
