"""Whether an answer follows its schema: the data in it, or what to tell the model."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from contracts.errors import ErrorKind, PerdureError
from domain.structured.finding import found_json

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

MAX_SCHEMA_CHARS = 200_000
_MAX_ERRORS = 10
_MAX_ERROR_CHARS = 300
_MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Valid:
    """The answer's data. `repaired`: it was broken JSON, or stood among other words."""

    data: Any
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Invalid:
    """What is wrong, each with its place, and what to tell the model."""

    errors: tuple[str, ...]
    correction_prompt: str


def judge(text: str, schema: Mapping[str, Any], *, cut_off: bool = False) -> Valid | Invalid:
    """Judge an answer. The schema is one that `check_schema` took. `cut_off`: the model had more to say and no room for it."""
    found = found_json(text)
    if cut_off and (found is None or found.repaired):
        # Mended, it would lack what was not said, and might follow the schema all the same.
        return _invalid(("the answer was cut off at its longest length; say the same in fewer words",))
    if found is None:
        return _invalid(("there is no JSON in the answer",))
    errors = faults(found.value, schema)
    return _invalid(errors) if errors else Valid(found.value, found.repaired)


def faults(value: Any, schema: Mapping[str, Any]) -> tuple[str, ...]:
    """What of a value does not follow a schema, as `$.path: what`; at most ten."""
    if _deeper(value, _MAX_DEPTH):
        return (f"$: it is nested more than {_MAX_DEPTH} levels deep",)
    try:
        errors = sorted(_validator(_written(schema)).iter_errors(value), key=lambda one: one.json_path)
    except RecursionError:
        return ("$: it is nested too deeply for its schema",)
    said = [f"{one.json_path}: {_short(one.message)}" for one in errors[:_MAX_ERRORS]]
    if len(errors) > _MAX_ERRORS:
        said.append(f"and {len(errors) - _MAX_ERRORS} more")
    return tuple(said)


def check_schema(schema: Any, *, field: str = "schema") -> None:
    """Raises `invalid_request` for what is no JSON Schema (draft 2020-12), refers outside itself, or is too large."""
    from jsonschema import Draft202012Validator, SchemaError

    if not isinstance(schema, Mapping):
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"{field} must be a JSON Schema object.", field=field)
    if len(_written(schema)) > MAX_SCHEMA_CHARS:
        message = f"{field} is larger than {MAX_SCHEMA_CHARS:,} characters."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field=field)
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as problem:
        place = ".".join((field, *map(str, problem.path)))
        message = f"{place}: {_short(problem.message)}."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field=place) from None
    except RecursionError:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"{field} is nested too deeply.", field=field) from None
    for reference in _references(schema):
        if not _leads_somewhere(reference, schema):
            message = f"{field} refers to {_short(reference)!r}, which is not in it. Only #/… and $defs are followed."
            raise PerdureError(ErrorKind.INVALID_REQUEST, message, field=field)


def _invalid(errors: tuple[str, ...]) -> Invalid:
    listed = "\n".join(f"- {one}" for one in errors)
    again = "Answer again, with the whole corrected JSON and nothing else."
    return Invalid(errors, f"Your answer does not follow the JSON Schema:\n{listed}\n{again}")


def _written(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, sort_keys=True)


@lru_cache(maxsize=256)
def _validator(schema: str) -> "Validator":
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema))


def _short(message: str) -> str:
    return message if len(message) <= _MAX_ERROR_CHARS else f"{message[:_MAX_ERROR_CHARS]}…"


def _deeper(value: Any, left: int) -> bool:
    if left == 0:
        return True
    return any(_deeper(child, left - 1) for child in _children(value))


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
        yield schema["$ref"]
    for child in _children(schema):
        yield from _references(child)


def _leads_somewhere(reference: str, schema: Mapping[str, Any]) -> bool:
    if reference == "#":
        return True
    if not reference.startswith("#/"):
        return False
    found: Any = schema
    for step in reference[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        else:
            return False
    return True


def _children(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []
