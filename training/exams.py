"""Rows that ask as exams do, with the difficulty that was judged for each notion, and arithmetic in stories."""

import random
from typing import Any, Final

import yaml

from contracts.routing import TaskType
from training.rows import FOLDER, Row, Split, flags, part

PER_NOTION: Final = 5
STORIES: Final = {"train": 700, "held out": 150}

EASY, HARD = 0.2, 0.6
"""Up to the first an exam question is plain knowledge (`simple`), from the second on it is reasoning (`analytical`).
Between them it may be taken for either, and teaches the difficulty only."""

WEIGHT: Final = 0.4
"""What is seldom asked of an assistant, however many rows there are of it, must not define two of its tasks."""


def _read(name: str) -> dict[str, Any]:
    stored: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return stored


def exam_rows(split: Split) -> list[Row]:
    """Questions on every notion of the split's subjects, two in three with four options."""
    chance = random.Random(f"exams {split}")  # noqa: S311 - the same rows each time
    subjects, ways = _read("subjects.yaml"), _read("exams.yaml")
    rows = []
    for subject, levels in part(list(subjects.items()), split):
        everything = [notion for notions in levels.values() for notion in notions]
        for grade, notions in levels.items():
            for notion in notions:
                for shift, ask in chance.sample(part(ways["ask"], split), PER_NOTION):
                    text = _question(ask, subject, notion, _near(notion, notions, everything, chance), chance)
                    if chance.random() < 0.4:
                        text = _case(subject, ways, split, chance) + text
                    difficulty = min(1.0, max(0.0, (grade + shift) / 10))
                    task = _task(difficulty)
                    rows.append(Row(text, task, difficulty, subject, weight=WEIGHT, **flags(task, chance)))
    return rows


def story_rows(split: Split) -> list[Row]:
    """Stories of one to five steps; each step makes them harder."""
    chance = random.Random(f"stories {split}")  # noqa: S311 - the same rows each time
    words = _read("stories.yaml")
    openings, steps, questions = (part(words[name], split) for name in ("opening", "step", "question"))
    rows = []
    for _ in range(STORIES[split]):
        opening, question = chance.choice(openings), chance.choice(questions)
        many = min(chance.randint(1, 5), len(steps))
        told = " ".join([opening, *chance.sample(steps, many), question])
        names = dict(zip(("who", "who2", "who3"), chance.sample(words["who"], 3), strict=True))
        text = told.format(
            **names,
            what=chance.choice(part(words["what"], split)),
            n=chance.randint(12, 400),
            m=chance.randint(2, 15),
            n2=chance.randint(2, 60),
            p=chance.choice([5, 10, 20, 25, 40]),
        )
        task = TaskType.ANALYTICAL.value
        rows.append(Row(text, task, (3 + many) / 10, opening, weight=WEIGHT, **flags(task, chance)))
    return rows


def _near(notion: str, level: list[str], everything: list[str], chance: random.Random) -> list[str]:
    """Other notions of the subject, those of the same level first: what else is in a question is about as hard."""
    same = [one for one in level if one != notion]
    rest = [one for one in everything if one not in level]
    return [*chance.sample(same, len(same)), *chance.sample(rest, len(rest))]


def _question(ask: str, subject: str, notion: str, near: list[str], chance: random.Random) -> str:
    other, third = near[:2]
    asked = ask.format(notion=notion, subject=subject, other=other, third=third)
    text = asked[0].upper() + asked[1:]
    if chance.random() < 0.65:
        options = chance.sample([notion, *near[:3]], min(4, len(near) + 1))
        text += "".join(f"\n{letter}. {option}" for letter, option in zip("ABCD", options, strict=False))
        if chance.random() < 0.6:
            text += "\nAnswer:"
    return text


def _case(subject: str, ways: dict[str, Any], split: Split, chance: random.Random) -> str:
    for kind, subjects in ways["case_subjects"].items():
        if subject in subjects:
            return str(chance.choice(part(ways["cases"][kind], split))) + "\n"
    return ""


def _task(difficulty: float) -> str | None:
    if difficulty <= EASY:
        return TaskType.SIMPLE.value
    return TaskType.ANALYTICAL.value if difficulty >= HARD else None
