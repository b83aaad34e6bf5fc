"""What a run is given: checked by the schemas of its inputs, and completed by their defaults."""

from collections.abc import Mapping
from typing import Any

from contracts.errors import ErrorKind, PerdureError
from contracts.pipelines.definition import Pipeline
from domain.pipelines.schemas import value_faults
from domain.yaml.explaining import near
from domain.yaml.nodes import dotted

_MOST = 10


def checked_inputs(definition: Pipeline, given: Mapping[str, Any], *, field: str = "input") -> dict[str, Any]:
    """All inputs by name. Raises `invalid_request` with everything that is wrong, none of it quoting a value."""
    problems: list[tuple[str, str]] = []
    for name in given:
        if name not in definition.inputs:
            hint = near(name, list(definition.inputs)) or f" There are: {', '.join(definition.inputs) or 'none'}."
            problems.append((f"{field}.{name}", f"{definition.name!r} has no input {name[:100]!r}.{hint}"))
    inputs: dict[str, Any] = {}
    for name, schema in definition.inputs.items():
        if name in given:
            inputs[name] = given[name]
            for fault in value_faults(given[name], schema, (field, name)):
                problems.append((dotted(fault.path), f"{dotted(fault.path)}: {fault.message}."))
        elif "default" in schema:
            inputs[name] = schema["default"]
        else:
            problems.append((f"{field}.{name}", f"The input {name!r} is missing."))
    if problems:
        more = f" (and {len(problems) - _MOST} more)" if len(problems) > _MOST else ""
        message = " ".join(said for _, said in problems[:_MOST]) + more
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field=problems[0][0])
    return inputs
