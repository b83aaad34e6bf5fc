"""What a template says, and whether it holds together."""

from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from contracts.base import Contract
from contracts.requests import Knobs
from contracts.routing import TaskType
from domain.pipelines.templates import UnfitTemplateError, parsed

NAME = r"^[a-z][a-z0-9_-]{0,63}$"
VariableType = Literal["string", "number", "integer", "boolean", "array", "object"]


class Variable(Contract):
    """A variable. One with a `default` need not be given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: VariableType = "string"
    description: str = ""
    required: bool = True
    default: Any = None
    enum: tuple[Any, ...] = ()
    max_chars: int = Field(default=200_000, ge=1, le=2_000_000)


class TemplateDocument(Contract):
    """A template: `system` and `prompt` are Jinja texts over the variables.

    `task` is what routing takes the work for, `model` and `fallback_models` who answers where the request names nobody.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = Field(default="", max_length=2_000)
    system: str = Field(default="", max_length=200_000)
    prompt: str = Field(min_length=1, max_length=200_000)
    variables: dict[str, Variable] = {}
    task: TaskType | None = None
    model: str | None = None
    fallback_models: tuple[str, ...] = ()
    output_schema: dict[str, Any] | None = None
    knobs: Knobs = Knobs()

    @model_validator(mode="after")
    def _holds_together(self) -> "TemplateDocument":
        for field in ("system", "prompt"):
            try:
                found = parsed(getattr(self, field))
            except UnfitTemplateError as error:
                raise ValueError(f"{field}: {error}") from None
            unknown = sorted({one.root for one in found.references} - self.variables.keys())
            if unknown:
                raise ValueError(f"{field} uses {', '.join(unknown)}, which variables does not name")
        for name in self.variables:
            if not name.isidentifier():
                raise ValueError(f"the variable {name[:100]!r} is no name: use letters, digits and _")
        return self
