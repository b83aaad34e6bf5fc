"""What the doors of runs take."""

from typing import Any

from pydantic import Field

from api.bodies import Body
from contracts.pipelines.base import Budget, Name


class RunBudgetBody(Budget):
    """What the run may spend at most."""


class RunBody(Body):
    """A run. `version` is a hash, or its beginning; without one the newest is run. `budget` takes the pipeline's place.

    `user` is for whom it is run, as budgets of users count it; what in `metadata` is a text or a number is a tag to them.
    `callback_url` is told how the run came out.
    """

    input: dict[str, Any] = Field(default={}, examples=[{"topic": "tea"}])
    version: str | None = Field(default=None, pattern=r"^[0-9a-f]{6,64}$")
    budget: RunBudgetBody | None = None
    metadata: dict[str, Any] = Field(default={}, max_length=50)
    user: str | None = Field(default=None, min_length=1, max_length=200)
    callback_url: str | None = Field(default=None, max_length=2_000)


class DecisionBody(Body):
    """A decision. `step` names the approval (`check`, or `check.2` in the third item) where several wait; `value` is what is
    approved instead of what was shown. `user` and `groups` say who decides, where an application asks for people of its own.
    """

    step: str | None = Field(default=None, max_length=200)
    comment: str | None = Field(default=None, max_length=20_000)
    value: Any = None
    user: str | None = Field(default=None, min_length=1, max_length=200)
    groups: list[str] = Field(default=[], max_length=100)


class SignalBody(Body):
    """An event that a step waits for, or will wait for. `key`: the same event sent again is taken once."""

    event: str = Field(min_length=1, max_length=100)
    payload: Any = None
    key: str | None = Field(default=None, min_length=1, max_length=255)


class RunBudgetChange(Body):
    """Another budget from now on."""

    budget: RunBudgetBody


class StepEdit(Body):
    """What a step says otherwise than its definition; what is absent stays."""

    instructions: str | None = None
    prompt: str | None = None
    model: str | None = None
    fallback_models: list[str] | None = None
    input: dict[str, Any] | None = None
    template: str | None = None
    value: Any = None


class ForkBody(Body):
    """Another run from a step of this one. All that does not follow from `step` is used again.

    `edits` are by step; `input` replaces inputs of the run by name. With `result` the step itself is not run: this is what it
    gave.
    """

    step: Name
    edits: dict[Name, StepEdit] = {}
    input: dict[str, Any] = {}
    result: Any = None
    budget: RunBudgetBody | None = None
