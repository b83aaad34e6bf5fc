"""One prompt to learn from or to measure on, and which of several values are held out."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar

FOLDER: Final = Path(__file__).parent

Split = Literal["train", "held out"]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Row:
    """A prompt with its task (None where it could be taken for several), its difficulty from 0 to 1 and where it comes from.

    Rows of one `source` are alike: they are kept on one side whenever rows are divided. `weight` is how much the task counts when
    the head is fitted.
    """

    text: str
    task: str | None
    difficulty: float
    source: str
    has_tools: bool = False
    has_schema: bool = False
    has_images: bool = False
    weight: float = 1.0


def part(values: Sequence[Value], split: Split) -> list[Value]:
    """Every fourth value is held out; the others are for training. Of fewer than four, all serve for both."""
    if len(values) < 4:
        return list(values)
    return [value for at, value in enumerate(values) if (at % 4 == 3) == (split == "held out")]


FLAG_SHARES: Final = {
    "tool_use": (0.7, 0.03, 0.03),
    "extraction": (0.15, 0.4, 0.2),
    "code": (0.35, 0.05, 0.05),
    "other": (0.3, 0.05, 0.08),
}
"""How often a request of a task comes with tools, a schema, images. An assumption: applications declare tools on every call."""


def flags(task: str | None, chance: random.Random) -> dict[str, bool]:
    """Draw what comes with a request of the task."""
    tools, schema, images = FLAG_SHARES.get(task or "other", FLAG_SHARES["other"])
    return {
        "has_tools": chance.random() < tools,
        "has_schema": chance.random() < schema,
        "has_images": chance.random() < images,
    }
