"""JSON Schemas as Claude's structured outputs take them."""

from typing import Any

_MAPS = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "oneOf", "allOf")


def closed(schema: Any) -> Any:
    """The schema with every object that does not say otherwise closed to further properties, which the API insists on
    (https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations).
    """
    if not isinstance(schema, dict):
        return schema
    same = dict(schema)
    for name in _MAPS:
        if isinstance(same.get(name), dict):
            same[name] = {key: closed(value) for key, value in same[name].items()}
    for name in _LISTS:
        if isinstance(same.get(name), list):
            same[name] = [closed(value) for value in same[name]]
    if "items" in same:
        same["items"] = closed(same["items"])
    kind = same.get("type")
    if kind == "object" or (isinstance(kind, list) and "object" in kind):
        same.setdefault("additionalProperties", False)
    return same
