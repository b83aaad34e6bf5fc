"""Whether a JSON Schema in a definition is one, and whether a value follows it."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from domain.yaml.explaining import Fault
from domain.yaml.nodes import Path

_MOST = 20


def schema_faults(schema: dict[str, Any], path: Path) -> Iterator[Fault]:
    """What is wrong with a schema itself, by the meta-schema of draft 2020-12."""
    for error, _ in zip(_of_schemas().iter_errors(schema), range(_MOST), strict=False):
        at = (*path, *error.absolute_path)
        yield Fault(at, f"this is not a JSON Schema: {_said(error)}")
    yield from _foreign(schema, path)


def value_faults(value: Any, schema: dict[str, Any], path: Path) -> Iterator[Fault]:
    """Where a value does not follow a schema. Patterns are not tried: an author's pattern could take for ever."""
    from referencing.exceptions import Unresolvable

    try:
        errors = list(zip(_checking(schema).iter_errors(value), range(_MOST), strict=False))
    except (Unresolvable, RecursionError, ValueError, TypeError, ArithmeticError):
        return
    for error, _ in errors:
        yield Fault((*path, *error.absolute_path), f"this does not follow the schema: {_said(error)}")


def _said(error: Any) -> str:
    match error.validator:
        case "type":
            wanted = error.validator_value
            return f"its type should be {' or '.join(wanted) if isinstance(wanted, list) else wanted}"
        case "enum":
            return f"it should be one of {', '.join(str(one)[:50] for one in error.validator_value[:20])}"
        case "required":
            return str(error.message)[:200]
        case "anyOf" | "oneOf":
            return "no alternative of its kind fits"
        case word:
            return f"{word} is {str(error.validator_value)[:100]}"


def _foreign(schema: Any, path: Path) -> Iterator[Fault]:
    """References that lead out of the schema: nothing is loaded from elsewhere."""
    waiting: list[tuple[Any, Path]] = [(schema, path)]
    while waiting:
        one, at = waiting.pop()
        if isinstance(one, dict):
            target = one.get("$ref")
            if isinstance(target, str) and not target.startswith("#"):
                yield Fault((*at, "$ref"), "a schema refers only to itself (#/$defs/...); copy what is meant into it")
            waiting += [(inner, (*at, str(name))) for name, inner in one.items()]
        elif isinstance(one, list):
            waiting += [(inner, (*at, number)) for number, inner in enumerate(one)]


@lru_cache(maxsize=1)
def _of_schemas() -> Any:
    from jsonschema import Draft202012Validator, FormatChecker

    checker = FormatChecker(formats=())

    @checker.checks("regex", raises=(re.error, RecursionError, OverflowError))
    def _is_pattern(value: object) -> bool:
        return not isinstance(value, str) or bool(re.compile(value)) or True

    return Draft202012Validator(Draft202012Validator.META_SCHEMA, format_checker=checker)


def _checking(schema: dict[str, Any]) -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    def nothing(*_: object) -> None:
        return None

    quiet = {"pattern": nothing, "patternProperties": nothing, "$dynamicRef": nothing}
    untried: Any = extend(Draft202012Validator, quiet)  # type: ignore[no-untyped-call]
    return untried(schema)
