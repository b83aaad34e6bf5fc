"""What processes tell each other: a line of text that names turns, small enough for NOTIFY.

<kind><origin><turn id in hex>*       one letter, eight hex digits, thirty-two each
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid4

CHANNEL = "perdure_streams"
_PER_LINE = 240
"""240 ids are 7,689 bytes; PostgreSQL refuses a payload of 8,000 (documentation of NOTIFY)."""
_HEAD = 9


class SignalKind(StrEnum):
    """`rows`: the log has more of these turns. `interest`: I read them. `stop`: they are to stop at once."""

    ROWS = "r"
    INTEREST = "i"
    STOP = "s"


@dataclass(frozen=True, slots=True)
class Signal:
    """One line, read. `origin` names the process that said it."""

    kind: SignalKind
    origin: str
    turn_ids: tuple[UUID, ...]


def new_origin() -> str:
    """A name for this process among those that share a log."""
    return uuid4().hex[: _HEAD - 1]


def lines(kind: SignalKind, origin: str, turn_ids: Collection[UUID]) -> list[str]:
    """The lines that say it of all the turns."""
    ids = [turn_id.hex for turn_id in turn_ids]
    return [f"{kind.value}{origin}{''.join(ids[at : at + _PER_LINE])}" for at in range(0, len(ids), _PER_LINE)]


def parse(line: str) -> Signal | None:
    """The signal in a line; None for anything that is not one."""
    try:
        ids = tuple(UUID(line[at : at + 32]) for at in range(_HEAD, len(line), 32))
        return Signal(SignalKind(line[:1]), line[1:_HEAD], ids)
    except ValueError:
        return None
