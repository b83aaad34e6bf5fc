"""A definition's canonical form, and its version: equal meanings have equal versions."""

import hashlib
import json
from typing import Any

from contracts.pipelines.definition import Pipeline


def dumped(definition: Pipeline) -> dict[str, Any]:
    """A definition as plain values, as its text would say it: what is a default is left out."""
    shown: dict[str, Any] = definition.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    outputs = {name: _short(output) for name, output in shown.get("outputs", {}).items()}
    ordered = {"version": 1, **shown} | ({"outputs": outputs} if outputs else {})
    steps = ordered.pop("steps")
    return {**ordered, "steps": [_id_first(step) for step in steps]}


def canonical(definition: Pipeline) -> str:
    """The one JSON text of a definition's meaning: sorted, and without what is a default."""
    return json.dumps(_settled(dumped(definition)), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def version_of(definition: Pipeline) -> str:
    """The sha256 of the canonical text, in hex."""
    return hashlib.sha256(canonical(definition).encode()).hexdigest()


def _short(output: dict[str, Any]) -> Any:
    """An output without a schema is its value alone, unless that would read as more."""
    value = output["value"]
    if output.keys() == {"value"} and not (isinstance(value, dict) and "value" in value):
        return value
    return output


def _id_first(step: dict[str, Any]) -> dict[str, Any]:
    """As people write it: what it is, before what it says."""
    first: dict[str, Any] = {
        name: step[name] for name in ("id", "kind", "name", "agent", "description", "needs", "when") if name in step
    }
    rest = {
        name: value for name, value in step.items() if name not in first and name not in ("steps", "cases", "otherwise")
    }
    inner: dict[str, Any] = {}
    if "steps" in step:
        inner["steps"] = [_id_first(one) for one in step["steps"]]
    if "cases" in step:
        inner["cases"] = [_id_first(one) for one in step["cases"]]
    if "otherwise" in step:
        inner["otherwise"] = _id_first(step["otherwise"]) if step["otherwise"] is not None else None
    return {**first, **rest, **inner}


def _settled(value: Any) -> Any:
    """Whole floats become integers, as JSON does not tell them apart and neither does a text."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _settled(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_settled(inner) for inner in value]
    return value
