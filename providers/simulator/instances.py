"""An instance that follows a JSON Schema: what a model with structured output or tool arguments would write.

Covers types (also Google's capital ones and `dict`), enum, const, `$ref`, anyOf/oneOf/allOf, required and optional
properties, item counts, lengths, ranges, multipleOf and the common formats. `pattern` is honoured only where the plain
value happens to match it.
"""

import math
from typing import Any

_FORMATS = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "simulated@example.com",
    "hostname": "simulated.example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/simulated",
    "url": "https://example.com/simulated",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_DEEPEST = 5
_TYPES = {"dict": "object", "float": "number", "int": "integer", "str": "string", "bool": "boolean", "list": "array"}


def instance(schema: Any, *, root: dict[str, Any] | None = None, depth: int = 0) -> Any:
    """A value that `schema` accepts. `root` is where `$ref` points into; optional parts are left out once deep."""
    if not isinstance(schema, dict):
        return "simulated"
    root = schema if root is None else root
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if "$ref" in schema:
        return instance(_resolve(schema["$ref"], root), root=root, depth=depth + 1)
    for word in ("anyOf", "oneOf"):
        if schema.get(word):
            return instance(_simplest(schema[word], depth), root=root, depth=depth + 1)
    if schema.get("allOf"):
        return instance(_merged(schema, root), root=root, depth=depth + 1)
    match _type(schema):
        case "object":
            return _object(schema, root, depth)
        case "array":
            return _array(schema, root, depth)
        case "integer":
            return int(_number(schema, whole=True))
        case "number":
            return _number(schema, whole=False)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _string(schema)


def _type(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if not isinstance(kind, str):
        return "object" if "properties" in schema else "array" if "items" in schema else "string"
    return _TYPES.get(kind.lower(), kind.lower())


def _resolve(reference: str, root: dict[str, Any]) -> Any:
    found: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if step:
            found = found.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, dict) else {}
    return found


def _simplest(choices: list[Any], depth: int) -> Any:
    """The first choice, or, once deep, the null or scalar that ends a recursion."""
    if depth >= _DEEPEST:
        for choice in choices:
            if isinstance(choice, dict) and "$ref" not in choice and _type(choice) not in ("object", "array"):
                return choice
    return choices[0]


def _merged(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"]:
        part = _resolve(part["$ref"], root) if "$ref" in part else part
        for key, value in part.items():
            if key == "properties":
                merged[key] = {**merged.get(key, {}), **value}
            elif key == "required":
                merged[key] = [*merged.get(key, []), *value]
            else:
                merged[key] = value
    return merged


def _object(schema: dict[str, Any], root: dict[str, Any], depth: int) -> dict[str, Any]:
    required = schema.get("required") or []
    return {
        name: instance(part, root=root, depth=depth + 1)
        for name, part in (schema.get("properties") or {}).items()
        if name in required or depth < _DEEPEST
    }


def _array(schema: dict[str, Any], root: dict[str, Any], depth: int) -> list[Any]:
    if schema.get("prefixItems"):
        return [instance(part, root=root, depth=depth + 1) for part in schema["prefixItems"]]
    least = int(schema.get("minItems") or 0)
    most = int(schema.get("maxItems", 2**31))
    wanted = min(max(least, 0 if depth >= _DEEPEST else 1), most)
    item = instance(schema.get("items", {"type": "string"}), root=root, depth=depth + 1)
    if schema.get("uniqueItems") and wanted > 1:
        return [f"{item}-{number}" if isinstance(item, str) else item + number for number in range(wanted)]
    return [item] * wanted


def _number(schema: dict[str, Any], *, whole: bool) -> float:
    low, high = schema.get("minimum"), schema.get("maximum")
    below, above = schema.get("exclusiveMaximum"), schema.get("exclusiveMinimum")
    nudge = 1 if whole else 0.5
    value: float = 7 if whole else 7.5
    if above is not None:
        low = above + nudge
        if below is not None and low >= below:
            low = (above + below) / 2
    if below is not None:
        high = below - nudge if above is None or below - nudge > above else (above + below) / 2
    value = max(value, low) if low is not None else value
    value = min(value, high) if high is not None else value
    step = schema.get("multipleOf")
    if step:
        value = math.floor(value / step) * step
        value = value + step if low is not None and value < low else value
    return math.ceil(value) if whole else value


def _string(schema: dict[str, Any]) -> str:
    value = _FORMATS.get(str(schema.get("format")), "simulated")
    least, most = int(schema.get("minLength") or 0), schema.get("maxLength")
    while len(value) < least:
        value += "-simulated"
    return value if most is None else value[: max(int(most), 0)]
