"""What the doors of schedules and triggers take."""

from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from api.bodies import Body
from api.run_bodies import RunBudgetBody
from contracts.pipelines.base import Duration, Label
from contracts.runs import RunState
from contracts.triggers import Overlap, RunWish, Times


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"there is no time zone {name[:100]!r}; say one as Europe/Berlin, or UTC")
    return name


Zone = Annotated[str, AfterValidator(_zone)]
Cron = Annotated[str, Field(min_length=1, max_length=200)]
TriggerName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
End = Literal["completed", "failed", "cancelled"]


class WishBody(Body):
    """What is run. `input` may hold templates, which refer to `at`, `trigger` and what happened (`body`, `run`)."""

    input: dict[str, Any] | None = None
    version: str | None = Field(default=None, pattern=r"^[0-9a-f]{6,64}$")
    budget: RunBudgetBody | None = None
    metadata: dict[str, Any] = Field(default={}, max_length=50)
    user: str | None = Field(default=None, min_length=1, max_length=200)
    callback_url: str | None = Field(default=None, max_length=2_000)


class TimesBody(Body):
    """Times: any of `cron` (five fields, or six with seconds first; `@daily` and the like), and `every` so long.

    `time_zone` is for `cron`. `overlap` says what becomes of a time whose predecessor's run is at work. Times that were missed
    (the service was down) are made up for where they are not older than `catch_up`.
    """

    cron: Cron | list[Cron] = []
    every: Duration | None = None
    offset: Duration | None = None
    time_zone: Zone = "UTC"
    start_at: AwareDatetime | None = None
    end_at: AwareDatetime | None = None
    jitter: Duration | None = None
    overlap: Overlap = "skip"
    catch_up: Duration = 86_400.0


class ScheduleBody(TimesBody, WishBody):
    """A schedule: at these times, this pipeline is run."""

    name: TriggerName
    pipeline: Label
    paused: bool = False

    @model_validator(mode="after")
    def _has_times(self) -> "ScheduleBody":
        if not self.cron and self.every is None:
            raise ValueError("say when: cron, every, or both")
        return self


class ScheduleChange(TimesBody, WishBody):
    """What is changed of a schedule; what is absent stays."""

    paused: bool | None = None


class BackfillBody(Body):
    """A stretch of the past (or of the future) whose times start runs now."""

    start_at: AwareDatetime
    end_at: AwareDatetime
    overlap: Overlap = "buffer_all"

    @model_validator(mode="after")
    def _is_a_stretch(self) -> "BackfillBody":
        if self.start_at >= self.end_at:
            raise ValueError("start_at has to be before end_at")
        return self


class TriggerBody(WishBody):
    """A trigger: deliveries to its own address (`webhook`), or the ends of another pipeline's runs (`after`), run a pipeline.

    `states` are the ends that count.
    """

    name: TriggerName
    pipeline: Label
    webhook: bool = False
    after: Label | None = None
    states: list[End] = Field(default=["completed"], min_length=1)
    paused: bool = False

    @model_validator(mode="after")
    def _one_kind(self) -> "TriggerBody":
        if self.webhook == (self.after is not None):
            raise ValueError("say either webhook: true, or after: a pipeline's name")
        return self


class TriggerChange(WishBody):
    """What is changed of a trigger; what is absent stays."""

    states: list[End] | None = Field(default=None, min_length=1)
    paused: bool | None = None


_WISH = frozenset(WishBody.model_fields)
_TIMES = frozenset(TimesBody.model_fields)


def wish_of(body: WishBody, former: RunWish | None = None) -> RunWish:
    """The run that a body asks for; over a former one, what the body says."""
    said = body.model_fields_set & _WISH
    given = {name: getattr(body, name) for name in said}
    return RunWish.model_validate({**(former.model_dump() if former else {}), **_plain(given)})


def times_of(body: TimesBody, former: Times | None = None) -> Times:
    """The times that a body asks for; over former ones, what the body says."""
    said = body.model_fields_set & _TIMES
    given: dict[str, Any] = {name: getattr(body, name) for name in said}
    if "cron" in given:
        given["cron"] = (given["cron"],) if isinstance(given["cron"], str) else tuple(given["cron"])
    for name in ("offset", "jitter"):
        if name in given:
            given[name] = given[name] or 0.0
    return (former or Times()).model_copy(update=given)


def states_of(given: list[End]) -> tuple[RunState, ...]:
    """The ends, each once."""
    return tuple(dict.fromkeys(RunState(one) for one in given))


def moment(at: datetime | None) -> str | None:
    """A time in JSON."""
    return None if at is None else at.isoformat()


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    return {name: one.model_dump() if isinstance(one, RunBudgetBody) else one for name, one in given.items()}
