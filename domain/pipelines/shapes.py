"""Reasoning on JSON Schemas: what a field of something is, and whether one fits where another is wanted.

Only what is certain is said: a schema that leaves something open is taken to allow it.
"""

from typing import Any

from domain.yaml.explaining import near

Shape = dict[str, Any]
"""A JSON Schema. An empty one allows anything."""

ANY: Shape = {}
TEXT: Shape = {"type": "string"}
BOOLEAN: Shape = {"type": "boolean"}
INTEGER: Shape = {"type": "integer"}
NUMBER: Shape = {"type": "number"}
_DEEPEST = 30


class NoSuchFieldError(ValueError):
    """A shape has no such field or item; the message says what it has."""


def closed(properties: dict[str, Shape]) -> Shape:
    """An object with these fields and no others."""
    return {"type": "object", "properties": properties, "additionalProperties": False, "required": list(properties)}


def listed(items: Shape) -> Shape:
    """A list of such."""
    return {"type": "array", "items": items}


def either(shapes: list[Shape]) -> Shape:
    """One of several."""
    different: list[Shape] = []
    for one in shapes:
        if not one:
            return ANY
        if not any(one is other or (_flat(one) and one == other) for other in different):
            different.append(one)
    return different[0] if len(different) == 1 else {"anyOf": different}


def _flat(shape: Shape) -> bool:
    """Nothing stands in it that would take long to compare."""
    return not any(
        isinstance(inner, dict) or (isinstance(inner, list) and len(inner) > 100) for inner in shape.values()
    )


def within(shape: Shape, root: Shape, deep: int = 0) -> Shape:
    """The shape that a `$ref` leads to within the whole schema; what cannot be followed allows anything."""
    target = shape.get("$ref")
    if target is None:
        return shape
    if not isinstance(target, str) or not target.startswith("#") or deep > _DEEPEST:
        return ANY
    found: Any = root
    for part in [one for one in target[1:].split("/") if one]:
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return within(found, root, deep + 1) if isinstance(found, dict) else ANY


def types_of(shape: Shape) -> frozenset[str]:
    """The JSON types that a shape may have; empty where that is open."""
    said = shape.get("type")
    if isinstance(said, str):
        return frozenset({said})
    if isinstance(said, list):
        return frozenset(one for one in said if isinstance(one, str))
    values = [shape["const"]] if "const" in shape else shape.get("enum")
    if isinstance(values, list) and values:
        return frozenset(_type_of(one) for one in values)
    if "properties" in shape:
        return frozenset({"object"})
    if "items" in shape:
        return frozenset({"array"})
    choices = _choices(shape)
    if choices:
        each = [types_of(one) for one in choices]
        return frozenset().union(*each) if all(each) else frozenset()
    return frozenset()


def selected(shape: Shape, step: str | int, root: Shape | None = None) -> tuple[Shape, Shape]:
    """The shape of a field or an item, and the whole schema that its `$ref`s mean. Raises NoSuchFieldError."""
    return _selected(shape, step, shape if root is None else root, 0)


def _selected(shape: Shape, step: str | int, root: Shape, deep: int) -> tuple[Shape, Shape]:
    shape = within(shape, root)
    if deep > _DEEPEST:
        return ANY, ANY
    choices = _choices(shape)
    if choices:
        found, refused = [], []
        for one in choices:
            try:
                found.append(_selected(one, step, root, deep + 1)[0])
            except NoSuchFieldError as error:
                refused.append(error)
        if not found and refused:
            raise refused[0]
        return either(found), root
    types = types_of(shape) - {"null"}
    if isinstance(step, int) and types and "array" not in types and "string" not in types:
        raise NoSuchFieldError(f"it is {named(shape)} and has no items by number")
    if isinstance(step, int):
        items = shape.get("items")
        return (items if isinstance(items, dict) else ANY), root
    if types and "object" not in types:
        raise NoSuchFieldError(f"it is {named(shape)} and has no field {step[:100]!r}")
    properties = shape.get("properties")
    if isinstance(properties, dict) and step in properties:
        field = properties[step]
        return (field if isinstance(field, dict) else ANY), root
    more = shape.get("additionalProperties", not properties)
    if more is False and "patternProperties" not in shape and "allOf" not in shape:
        names = [str(name) for name in properties] if isinstance(properties, dict) else []
        hint = near(step, names[:500]) or (f" It has: {', '.join(names[:20])}." if names else "")
        raise NoSuchFieldError(f"it has no field {step[:100]!r}.{hint}")
    return (more if isinstance(more, dict) else ANY), root


def misfit(given: Shape, wanted: Shape, what: str = "it", deep: int = 0) -> str | None:
    """Why what is given can never be what is wanted; None where it may. Words follow `what`."""
    given, wanted = within(given, given), within(wanted, wanted)
    if not given or not wanted or deep > _DEEPEST:
        return None
    choices = _choices(given)
    if choices:
        reasons = [misfit(one, wanted, what, deep + 1) for one in choices]
        return reasons[0] if all(reasons) else None
    choices = _choices(wanted)
    if choices:
        reasons = [misfit(given, one, what, deep + 1) for one in choices]
        return reasons[0] if all(reasons) else None
    has, wants = types_of(given), types_of(wanted)
    if has and wants and not any(_is_a(one, other) for one in has for other in wants):
        return f"{what} is {named(given)}, and {named(wanted)} is wanted"
    if has == {"array"} and isinstance(given.get("items"), dict) and isinstance(wanted.get("items"), dict):
        return misfit(given["items"], wanted["items"], f"an item of {what}", deep + 1)
    if has == {"object"} and isinstance(given.get("properties"), dict):
        return _misfit_object(given, wanted, what, deep)
    return None


def _misfit_object(given: Shape, wanted: Shape, what: str, deep: int) -> str | None:
    fields = given["properties"]
    required = wanted.get("required")
    if given.get("additionalProperties") is False and isinstance(required, list):
        for name in required:
            if name not in fields:
                return f"{what} has no field {name!r}, which is wanted"
    properties = wanted.get("properties")
    for name, shape in (properties if isinstance(properties, dict) else {}).items():
        if isinstance(fields.get(name), dict) and isinstance(shape, dict):
            found = misfit(fields[name], shape, f"{what}.{name}", deep + 1)
            if found:
                return found
    return None


def named(shape: Shape) -> str:
    """A shape in a word or two."""
    words = {
        "string": "text",
        "array": "a list",
        "object": "an object",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "null": "null",
    }
    return " or ".join(words.get(one, one) for one in sorted(types_of(shape))) or "a value"


def _choices(shape: Shape) -> list[Shape]:
    for name in ("anyOf", "oneOf"):
        found = shape.get(name)
        if isinstance(found, list) and found and "properties" not in shape:
            return [one if isinstance(one, dict) else ANY for one in found]
    return []


def _is_a(given: str, wanted: str) -> bool:
    # A number may be whole: 3.0 is an integer in JSON Schema.
    return given == wanted or {given, wanted} == {"integer", "number"}


def _type_of(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "null"
