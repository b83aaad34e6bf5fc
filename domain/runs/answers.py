"""What a model's answer is worth: the value in it, or what is wrong with it."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from contracts.parts import Part, RefusalPart, TextPart
from contracts.pipelines.base import Schema
from domain.pipelines.schemas import value_faults
from domain.yaml.nodes import dotted

_FENCED = re.compile(r"```(?:json)?\s*\n?(.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Read:
    """An answer that was read. With `faults` it does not follow its schema, and `value` is nothing to go on with."""

    value: Any
    faults: tuple[str, ...] = ()


def text_in(parts: Iterable[Part]) -> str:
    """What was said in words."""
    return "".join(one.text for one in parts if isinstance(one, TextPart | RefusalPart))


def read_answer(text: str, schema: Schema | None) -> Read:
    """The value of an answer: its text, or the JSON in it, mended where that is broken, by its schema."""
    if schema is None:
        return Read(text)
    found = _json_in(text)
    if found is None:
        return Read(None, ("there is no JSON in it",))
    faults = tuple(
        f"{dotted(one.path)}: {one.message}" if one.path else one.message for one in value_faults(found[0], schema, ())
    )
    return Read(found[0], faults)


def agreement(values: list[Any]) -> tuple[Any, float]:
    """The most frequent of several values, the earliest of equals, and its share of them all (0 to 1)."""
    counts: dict[str, int] = {}
    for one in values:
        counts[canonical(one)] = counts.get(canonical(one), 0) + 1
    best = max(counts, key=lambda text: counts[text])
    return next(one for one in values if canonical(one) == best), counts[best] / len(values)


def canonical(value: Any) -> str:
    """Equal values have equal texts."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True)


def _json_in(text: str) -> tuple[Any] | None:
    candidates = [text.strip(), *(one.strip() for one in _FENCED.findall(text))]
    for one in candidates:
        try:
            return (json.loads(one, parse_constant=_refuse),)
        except (ValueError, RecursionError):
            continue
    return _mended(candidates[-1])


def _mended(text: str) -> tuple[Any] | None:
    """Broken JSON as it was most likely meant, from the first bracket on."""
    import json_repair

    start = min((at for mark in "{[" if (at := text.find(mark)) >= 0), default=-1)
    if start < 0:
        return None
    try:
        found = json_repair.loads(text[start:])
        json.dumps(found, allow_nan=False)
    except (ValueError, RecursionError, TypeError):
        return None
    return (found,) if isinstance(found, dict | list) else None


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")
