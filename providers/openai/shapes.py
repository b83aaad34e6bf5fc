"""Reading fields of JSON that anybody may have sent: the shape asked for, or its empty form."""

from typing import Any


def as_dict(value: object) -> dict[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The array, or an empty one."""
    return value if isinstance(value, list) else []


def as_dicts(value: object) -> list[dict[str, Any]]:
    """The objects of an array; other elements are left out."""
    return [item for item in as_list(value) if isinstance(item, dict)]


def as_text(value: object) -> str:
    """The string, or an empty one."""
    return value if isinstance(value, str) else ""
