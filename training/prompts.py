"""Rows from the authored templates, and the one-off requests."""

import random
import re
from functools import cache
from typing import Any, Final

import yaml

from contracts.routing import TaskType
from training.rows import FOLDER, Row, Split, flags, part

VARIANTS: Final = 8
"""How often a template with slots is filled."""

PASTED: Final = 0.06
"""The share of rows to which more text is pasted, so that length alone says little."""

_SLOT: Final = re.compile(r"\{([a-z_]+\d?)\}")


@cache
def slots() -> dict[str, list[str]]:
    """What the templates' slots may hold."""
    stored: dict[str, list[str]] = yaml.safe_load((FOLDER / "slots.yaml").read_text(encoding="utf-8"))
    return stored


def templates(task: TaskType) -> list[tuple[float, str]]:
    """The task's templates with their difficulty from 0 to 1."""
    lines = (FOLDER / "prompts" / f"{task}.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("|", 1) for line in lines if line and not line.startswith("#"))
    return [(int(grade) / 10, text.replace("\\n", "\n")) for grade, text in pairs]


def template_rows(split: Split) -> list[Row]:
    """The rows of all tasks: held-out templates are filled with held-out values, so that nothing of them was seen."""
    chance = random.Random(f"templates {split}")  # noqa: S311 - the same rows each time
    rows: dict[str, Row] = {}
    for task in TaskType:
        for difficulty, template in part(templates(task), split):
            for _ in range(VARIANTS if _SLOT.search(template) else 2):
                text = _varied(_fill(template, split, chance), split, chance)
                rows.setdefault(text, Row(text, task.value, difficulty, template, **flags(task, chance)))
    return list(rows.values())


def one_off_rows() -> list[Row]:
    """Requests written one by one in other words than the templates'; only measured on."""
    rows = []
    for line in (FOLDER / "handwritten.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            task, said, grade, text = line.split("|", 3)
            rows.append(
                Row(text.replace("\\n", "\n"), TaskType(task).value, int(grade) / 10, text, has_tools="tools" in said)
            )
    return rows


def _fill(template: str, split: Split, chance: random.Random) -> str:
    def value(slot: Any) -> str:
        return str(chance.choice(part(slots()[slot[1]], split)))

    return _SLOT.sub(lambda slot: value(slot) if slot[1] in slots() else slot[0], template)


def _varied(text: str, split: Split, chance: random.Random) -> str:
    """As people type: now and then without capitals, without the last sign, with a greeting or with something pasted."""
    if chance.random() < 0.12:
        text = text.lower()
    if chance.random() < 0.12:
        text = text.rstrip(".?!。？")
    if chance.random() < 0.08:
        text = (
            chance.choice(["Hi! ", "Hello, ", "Please help me. ", "Hey, quick one: ", "You are a helpful assistant. "])
            + text
        )
    if chance.random() < PASTED:
        text += "\n\nFor context:\n" + "\n".join(chance.sample(part(slots()["passage"], split), 2))
    return text
