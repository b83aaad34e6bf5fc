"""Checking what is left of a definition that is partly broken, so that all errors are told at once."""

from copy import deepcopy
from typing import Any

from domain.yaml.nodes import Path

_LISTS = ("steps", "inputs", "outputs", "agents")


def within(path: Path) -> Path | None:
    """The part of the whole that a path leads into: a step, an input, an output, an agent, or a field."""
    if not path:
        return None
    return path[:2] if path[0] in _LISTS and len(path) > 1 else path[:1]


def without(document: dict[str, Any], broken: set[Path]) -> dict[str, Any]:
    """The document without the broken values; what is required and missing stays so."""
    copy = deepcopy(document)
    # The last items of lists first, so that the others keep their numbers.
    for path in sorted(broken, key=lambda one: [str(part).zfill(6) for part in one], reverse=True):
        holder: Any = copy
        for step in path[:-1]:
            if isinstance(holder, dict):
                holder = holder.get(step)
            elif isinstance(holder, list) and isinstance(step, int) and step < len(holder):
                holder = holder[step]
            else:
                holder = None
        if isinstance(holder, dict) and path:
            holder.pop(path[-1], None)
    return copy


def mended(document: dict[str, Any], broken: set[Path]) -> dict[str, Any]:
    """The document with each broken part replaced by one that says nothing and can be referred to in any way."""
    copy: dict[str, Any] = {
        name: (dict(inner) if isinstance(inner, dict) else list(inner) if isinstance(inner, list) else inner)
        for name, inner in document.items()
    }
    for path in broken:
        match path:
            case ("steps", int(at), *_) if isinstance(copy.get("steps"), list) and at < len(copy["steps"]):
                copy["steps"][at] = _stub(copy["steps"][at], at)
            case ("inputs" | "agents" as field, str(name), *_) if isinstance(copy.get(field), dict):
                copy[field][name] = {}
            case ("outputs", str(name), *_) if isinstance(copy.get("outputs"), dict):
                copy["outputs"][name] = None
            case ("name", *_):
                copy["name"] = "unnamed"
            case (str(field), *_):
                copy.pop(field, None)
            case _:
                pass
    return copy


def _stub(step: Any, at: int) -> dict[str, Any]:
    name = step.get("id") if isinstance(step, dict) else None
    usable = isinstance(name, str) and name.isidentifier() and name.isascii() and len(name) <= 64
    return {"id": name if usable else f"unreadable_{at}", "kind": "tool", "tool": "unknown"}
