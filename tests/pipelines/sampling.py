"""A value that follows a JSON Schema: what a model or a tool might have given."""

from typing import Any


def sample(schema: dict[str, Any] | None, at: int = 0) -> Any:
    """The simplest value of a schema. `at` makes texts differ."""
    if not schema:
        return f"text {at}"
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][at % len(schema["enum"])]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return sample(schema[choice][0], at)
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    match kinds if isinstance(kinds, str) else kinds[0]:
        case "object":
            return {name: sample(inner, at) for name, inner in schema.get("properties", {}).items()}
        case "array":
            return [sample(schema.get("items"), at + one) for one in range(2)]
        case "integer":
            return max(int(schema.get("minimum", 0)), 7)
        case "number":
            return 9.5
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return f"text {at}".ljust(schema.get("minLength", 0), ".")
