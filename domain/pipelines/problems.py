"""What is wrong with a definition, and where."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class PipelineProblem:
    """One thing that is wrong. An error keeps a definition from being stored, a warning does not.

    `source` names the text. `line` and `column` count from 1; they are None where the text has no such place. `field` is the
    dotted path (`steps.2.prompt`), empty for the whole.
    """

    message: str
    source: str
    line: int | None = None
    column: int | None = None
    field: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}:{self.column}" if self.line is not None else self.source
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class PipelineError(ValueError):
    """A definition that cannot run. `problems` are all that was found, warnings included; there is at least one error."""

    def __init__(self, problems: tuple[PipelineProblem, ...]) -> None:
        self.problems = problems
        self.errors = tuple(one for one in problems if one.severity == "error")
        more = f" (and {len(self.errors) - 1} more)" if len(self.errors) > 1 else ""
        super().__init__(f"{self.errors[0]}{more}")
