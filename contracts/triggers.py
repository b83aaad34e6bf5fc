"""What starts runs by itself: times, deliveries to an address, other pipelines' ends."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Contract
from contracts.pipelines.base import Budget
from contracts.runs import RunState

Overlap = Literal["skip", "buffer_one", "buffer_all", "cancel_other", "allow_all"]
"""What becomes of a time that comes while the former's run is at work: nothing, it waits (one, or all of them), the former is
cancelled, or both run.
"""
LONGEST_CHAIN = 10
"""Runs that each start the next by their ends, so that two pipelines cannot start each other for ever."""


class TriggerKind(StrEnum):
    """What a trigger waits for."""

    SCHEDULE = "schedule"
    WEBHOOK = "webhook"
    PIPELINE = "pipeline"


class RunWish(Contract):
    """What is run. `input` may hold templates: `{{ at }}` and `{{ trigger }}`, of a webhook `{{ body }}`, of a pipeline's end
    `{{ run.output.title }}`. None: the body, or the output, is the input; a schedule's run is given nothing.
    """

    input: dict[str, Any] | None = None
    version: str | None = None
    budget: Budget | None = None
    metadata: dict[str, Any] = {}
    user: str | None = None
    callback_url: str | None = None


class Times(Contract):
    """When a schedule's time has come: by any `cron`, and `every` so many seconds, counted from the epoch and `offset` later.

    `time_zone` is an IANA name, for `cron`. `jitter`, in seconds, spreads the starts. A time that was missed is made up for where
    it is not older than `catch_up` seconds.
    """

    cron: tuple[str, ...] = ()
    every: float | None = None
    offset: float = 0
    time_zone: str = "UTC"
    start_at: datetime | None = None
    end_at: datetime | None = None
    jitter: float = 0
    overlap: Overlap = "skip"
    catch_up: float = 86_400


class TriggerAsked(Contract):
    """What a trigger was told. `times` are a schedule's; `states` are the ends of the other pipeline's runs that count."""

    run: RunWish = RunWish()
    times: Times | None = None
    states: tuple[RunState, ...] = Field(default=(RunState.COMPLETED,))


class Fire(Contract):
    """A schedule's time has come: `at`. `occasion` names it, so that it starts one run."""

    trigger_id: UUID
    at: datetime
    occasion: str


class Fired(Contract):
    """The run that was started; None where there is nothing to start."""

    run_id: UUID | None = None
