"""A model's arguments, checked before anything is done; what is wrong is said so that the model can mend it."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from contracts.tools import ToolDefinition, ToolError
from tools.protocol import Arguments

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

MAX_ARGUMENT_CHARS = 1_000_000
_MAX_DEPTH = 60
_MAX_ERRORS = 5


def read_arguments(definition: ToolDefinition, text: str) -> Arguments:
    """The arguments in `text`, valid by the tool's schema. Raises `ToolError`, which names up to five mistakes."""
    if len(text) > MAX_ARGUMENT_CHARS:
        raise ToolError(f"The arguments have {len(text)} characters; at most {MAX_ARGUMENT_CHARS} are read. Send less.")
    try:
        value = json.loads(text or "{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        said = "they are nested too deeply" if isinstance(problem, RecursionError) else str(problem)
        raise ToolError(f"The arguments are not valid JSON: {said}. Send one JSON object.") from None
    if not isinstance(value, dict):
        raise ToolError("The arguments must be one JSON object.")
    if _too_deep(value):
        raise ToolError(f"The arguments are nested more than {_MAX_DEPTH} levels deep. Flatten them.")
    if _unwritable(value):
        raise ToolError(
            "The arguments hold a NUL or a lone surrogate (\\u0000, \\ud800), which no text may. Leave it out."
        )
    mistakes = _mistakes(definition, value)
    if mistakes:
        raise ToolError(
            f"The arguments do not fit the tool {definition.name}: {'; '.join(mistakes)}. Mend them and call again.",
            field="arguments",
        )
    return value


def check_schema(definition: ToolDefinition) -> None:
    """Raises ValueError, naming the tool, where its parameters are no JSON Schema of an object or refer outside themselves."""
    from jsonschema import Draft202012Validator, SchemaError

    if definition.parameters.get("type") != "object":
        raise ValueError(f"tool {definition.name!r}: the parameters must be a JSON Schema with type: object")
    try:
        Draft202012Validator.check_schema(definition.parameters)
    except SchemaError as problem:
        raise ValueError(f"tool {definition.name!r}: the parameters are no JSON Schema: {problem.message}") from None
    for reference in _references(definition.parameters):
        if not reference.startswith("#"):
            raise ValueError(f"tool {definition.name!r}: the parameters refer to {reference!r}; only #/… is followed")


def _mistakes(definition: ToolDefinition, value: Arguments) -> list[str]:
    errors = sorted(_validator(json.dumps(definition.parameters)).iter_errors(value), key=lambda error: error.json_path)
    said = [f"{error.json_path}: {_short(error.message)}" for error in errors[:_MAX_ERRORS]]
    if len(errors) > _MAX_ERRORS:
        said.append(f"and {len(errors) - _MAX_ERRORS} more")
    return said


@lru_cache(maxsize=512)
def _validator(schema: str) -> "Validator":
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema))


def _short(message: str) -> str:
    return message if len(message) <= 300 else f"{message[:300]}…"


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _too_deep(value: Any, left: int = _MAX_DEPTH) -> bool:
    if left == 0:
        return True
    return any(_too_deep(child, left - 1) for child in _children(value))


def _unwritable(value: Any) -> bool:
    if isinstance(value, str):
        return any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, Mapping) and any(_unwritable(key) for key in value):
        return True
    return any(_unwritable(child) for child in _children(value))


def _references(schema: Any) -> list[str]:
    own = [schema["$ref"]] if isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str) else []
    return own + [found for child in _children(schema) for found in _references(child)]


def _children(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []
