"""The stream of a turn: records fenced by attempt, read in order of position."""

from dataclasses import dataclass
from enum import StrEnum

from contracts.base import Contract
from contracts.errors import ErrorKind
from contracts.models import ModelRef
from contracts.parts import Part
from contracts.turns import TurnResult


class RecordKind(StrEnum):
    """What a record says.

    `start`: the first attempt begins. `reset`: a new attempt begins and what was said is void. `continue`: a new attempt goes
    on from the first `keep_chars` characters of the text said so far; anything beyond is void. `text`, `reasoning`,
    `tool_arguments`: text to append to part `index`. `part`: part `index` in full, so far. `end`: the turn is over, as the
    result says, be it completed, cancelled or failed.
    """

    START = "start"
    RESET = "reset"
    CONTINUE = "continue"
    TEXT = "text"
    REASONING = "reasoning"
    TOOL_ARGUMENTS = "tool_arguments"
    PART = "part"
    END = "end"


class AttemptOpened(Contract):
    """The body of `start`, `reset` and `continue`. `cause` is why the attempt before failed, where it is known."""

    step: int
    model: ModelRef
    cause: ErrorKind | None = None
    keep_chars: int = 0


class PartShown(Contract):
    """The body of `part`."""

    part: Part


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a turn's stream. Records are read in this order; the text form `attempt.seq` is the SSE id."""

    attempt: int = 0
    seq: int = 0

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read `attempt.seq`. Raises ValueError for anything else."""
        attempt, dot, seq = text.partition(".")
        if not (dot and attempt.isascii() and attempt.isdigit() and seq.isascii() and seq.isdigit()) or len(text) > 20:
            raise ValueError(f"{text[:40]!r} is not a stream position of the form attempt.seq")
        return cls(int(attempt), int(seq))

    def __str__(self) -> str:
        return f"{self.attempt}.{self.seq}"


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One record. `index` and `text` belong to the kinds that append, `body` to the others. `seq` counts from 1."""

    attempt: int
    seq: int
    kind: RecordKind
    index: int = 0
    text: str = ""
    body: AttemptOpened | PartShown | TurnResult | None = None

    @property
    def position(self) -> Position:
        """Where the record stands."""
        return Position(self.attempt, self.seq)
