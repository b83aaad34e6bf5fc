"""What is wrong with a policy, and where."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """One thing that is wrong. An error keeps a policy from being in force, a warning does not.

    `source` names the text: a file's name, or `workspace` for the one in the database. `line` and `column` count from 1; they are
    None where the text has no such place. `field` is the dotted path, empty for the whole. `workspace_id`: whose, if anybody's.
    """

    message: str
    source: str
    line: int | None = None
    column: int | None = None
    field: str = ""
    severity: Severity = "error"
    workspace_id: UUID | None = None

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}:{self.column}" if self.line is not None else self.source
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class PolicyError(ValueError):
    """A policy that cannot be in force. `problems` are all that was found, warnings included; there is at least one error."""

    def __init__(self, problems: tuple[PolicyProblem, ...]) -> None:
        self.problems = problems
        self.errors = tuple(one for one in problems if one.severity == "error")
        more = f" (and {len(self.errors) - 1} more)" if len(self.errors) > 1 else ""
        super().__init__(f"{self.errors[0]}{more}")
