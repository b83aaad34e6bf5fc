"""Pydantic's errors in words that help: what is wrong, and what was perhaps meant."""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from domain.yaml.nodes import Path

_LISTED = 20
_TAGS = ("kind", "type", "transport")
"""The fields by which our unions are told apart."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a path; `at_name`: with the name itself and not with its value."""

    path: Path
    message: str
    at_name: bool = False


def explained(error: ValidationError, root: type[BaseModel]) -> Iterator[Fault]:
    """Each of the validation's errors, in the order of the model `root`."""
    for one in error.errors(include_url=False):
        location, model = _followed(root, tuple(one["loc"]))
        match one["type"]:
            case "extra_forbidden":
                yield Fault(location, _unknown_field(location, model), at_name=True)
            case "missing":
                yield Fault(location, "this field is missing")
            case "union_tag_invalid":
                context = one["ctx"]
                tags = _listed(context["expected_tags"])
                field = context["discriminator"].strip("'")
                said = f"there is no {field} {str(context['tag'])[:100]!r}."
                hint = near(str(context["tag"]), tags) or f" There are: {', '.join(tags)}."
                yield Fault((*location, field), said + hint)
            case "union_tag_not_found":
                field = one["ctx"]["discriminator"].strip("'")
                yield Fault(location, f"the field {field!r} is missing, which says what this is")
            case kind if location and location[-1] == "[key]":
                yield Fault(location[:-1], _said(one["msg"]) + _meant(one, kind), at_name=True)
            case kind:
                yield Fault(location, _said(one["msg"]) + _meant(one, kind))


def near(word: str, words: list[str], *, likeness: float = 0.6) -> str:
    """` Did you mean ...?`, or nothing. `likeness` runs from 0 to 1, for the same word."""
    matches = get_close_matches(word.lower()[:100], words, n=3, cutoff=likeness)
    return f" Did you mean {' or '.join(matches)}?" if matches else ""


def _listed(expected: str) -> list[str]:
    return [word.strip(" '") for word in expected.replace(" or ", ", ").split(",")]


def _said(message: str) -> str:
    said = message.removeprefix("Value error, ").replace("Input should", "it should").replace("valid tuple", "list")
    return said[:1].lower() + said[1:].rstrip(".") + "."


def _meant(one: Mapping[str, Any], kind: str) -> str:
    given = one["input"]
    if kind in ("literal_error", "enum") and isinstance(given, str):
        return near(given, _listed(one["ctx"]["expected"]))
    if kind == "string_type" and isinstance(given, bool | int | float):
        return " Put it in quotes."
    if kind == "tuple_type":
        return " Write a list: [first, second]."
    return ""


def _unknown_field(location: Path, model: type[BaseModel] | None) -> str:
    name = str(location[-1])
    known = [field.alias or told for told, field in model.model_fields.items()] if model is not None else []
    hint = near(name, known) or (f" There are: {', '.join(known[:_LISTED])}." if known else "")
    return f"there is no field {name[:100]!r} here.{hint}"


def _followed(root: type[BaseModel], location: Path) -> tuple[Path, type[BaseModel] | None]:
    """The path in the text, without the tags of unions that pydantic puts into it, and the model in which it ends."""
    path: list[str | int] = []
    found: Any = root
    holder: type[BaseModel] | None = None
    for step in location:
        members = _members(found)
        chosen = next((one for one in members if len(members) > 1 and _is_tagged(one, step)), None)
        if chosen is not None:
            found = chosen
            continue
        path.append(step)
        holder = None
        model = next((one for one in members if isinstance(one, type) and issubclass(one, BaseModel)), None)
        many = next((one for one in members if get_origin(one) in (tuple, list, dict)), None)
        if model is not None:
            holder = model
            field = model.model_fields.get(str(step)) or next(
                (one for one in model.model_fields.values() if one.alias == step), None
            )
            found = None if field is None else field.annotation
        elif many is not None:
            arguments = get_args(many)
            found = arguments[1] if get_origin(many) is dict else arguments[0]
        else:
            found = None
    return tuple(path), holder


def _is_tagged(model: Any, tag: str | int) -> bool:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return False
    fields = (model.model_fields.get(name) for name in _TAGS)
    return any(field is not None and tag in get_args(field.annotation) for field in fields)


def _members(annotation: Any) -> list[Any]:
    """What an annotation may hold: the members of a union, or it alone."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return [inner for one in get_args(annotation) if one is not type(None) for inner in _members(one)]
    return [] if annotation is None else [annotation]
