"""What an answer is, and names of models."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class AIModelType(StrEnum):
    """Models that code names by member; any other name is a text. Perdure knows them as aliases."""

    GPT_3_5_TURBO = "gpt-3.5-turbo"
    GPT_4 = "gpt-4"
    GPT_4_TURBO = "gpt-4-turbo-preview"
    AUTO = "auto"


@dataclass
class AIResponse:
    """An answer. `error` says why there is none; `content` is then empty.

    `usage` counts `prompt_tokens`, `completion_tokens` and `total_tokens`. Beyond what it always had: `cost` in USD, `data` where
    a schema was asked for, and `step_id`, under which Perdure explains the answer.
    """

    content: str
    model: str
    usage: dict[str, int] | None = None
    finish_reason: str | None = None
    error: str | None = None
    cost: float | None = None
    data: Any = None
    step_id: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether there is an answer."""
        return self.error is None

    @classmethod
    def of_step(cls, step: dict[str, Any]) -> "AIResponse":
        """The answer in a step as Perdure shows it."""
        error = step["error"]["message"] if step["error"] else None
        if error is None and step["state"] not in ("completed", "cancelled"):
            error = "The step goes on; ask for it by its id."
        return cls(
            content=step["content"] or "",
            model=step["model"] or "",
            usage=step["usage"],
            finish_reason=step["finish_reason"],
            error=error,
            cost=None if step["cost_usd"] is None else float(step["cost_usd"]),
            data=step["data"],
            step_id=step["id"],
        )
