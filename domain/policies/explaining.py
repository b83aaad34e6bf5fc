"""Pydantic's errors in words that help: what is wrong, and what was perhaps meant."""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from contracts.policies import Policy
from domain.policies.problems import Path

_LISTED = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a path; `at_name`: with the name itself and not with its value."""

    path: Path
    message: str
    at_name: bool = False


def explained(error: ValidationError) -> Iterator[Fault]:
    """Each of the validation's errors, in the order of the model."""
    for one in error.errors(include_url=False):
        location: Path = tuple(one["loc"])
        match one["type"]:
            case "extra_forbidden":
                yield Fault(location, _unknown_field(location), at_name=True)
            case "missing":
                yield Fault(location, "this field is missing")
            case kind if location and location[-1] == "[key]":
                yield Fault(location[:-1], _said(one["msg"]) + _meant(one, kind), at_name=True)
            case kind:
                yield Fault(location, _said(one["msg"]) + _meant(one, kind))


def near(word: str, words: list[str]) -> str:
    """` Did you mean ...?`, or nothing."""
    matches = get_close_matches(word.lower(), words, n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(matches)}?" if matches else ""


def _said(message: str) -> str:
    said = message.removeprefix("Value error, ").replace("Input should", "it should").replace("valid tuple", "list")
    return said[:1].lower() + said[1:] + "."


def _meant(one: Mapping[str, Any], kind: str) -> str:
    given = one["input"]
    if kind in ("literal_error", "enum") and isinstance(given, str):
        expected = [word.strip(" '") for word in one["ctx"]["expected"].replace(" or ", ", ").split(",")]
        return near(given, expected)
    if kind == "string_type" and isinstance(given, bool | int | float):
        return " Put it in quotes."
    if kind == "tuple_type":
        return " Write a list: [first, second]."
    return ""


def _unknown_field(location: Path) -> str:
    name = str(location[-1])
    model = _model_at(location[:-1])
    known = list(model.model_fields) if model is not None else []
    hint = near(name, known) or f" There are: {', '.join(known[:_LISTED])}."
    return f"there is no field {name[:100]!r} here.{hint}"


def _model_at(path: Path) -> type[BaseModel] | None:
    found: Any = Policy
    for step in path:
        if isinstance(found, type) and issubclass(found, BaseModel):
            field = found.model_fields.get(str(step))
            found = None if field is None else _inner(field.annotation)
        elif get_origin(found) is dict:
            found = _inner(get_args(found)[1])
        else:
            return None
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _inner(annotation: Any) -> Any:
    """What an optional annotation holds."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next(one for one in get_args(annotation) if one is not type(None))
    return annotation
