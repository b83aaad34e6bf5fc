"""Dify's conditions in CEL."""

import json
from collections.abc import Callable
from typing import Any

Saying = Callable[[Any], str]
"""What a selector is called in CEL."""

_COMPARED = {
    "=": "==",
    "≠": "!=",
    ">": ">",
    "<": "<",
    "≥": ">=",
    "≤": "<=",
    "is": "==",
    "is not": "!=",
    "!=": "!=",
    ">=": ">=",
}
_COMPARED |= {"==": "==", "<=": "<=", "eq": "==", "ne": "!="}


def condition(entry: dict[str, Any], said: Saying, refused: Callable[[str], None]) -> str:
    """One comparison. What has no meaning here is refused by name, and never holds."""
    selector = entry.get("variable_selector")
    left = said(selector)
    operator = str(entry.get("comparison_operator") or "").strip().lower()
    value = entry.get("value")
    if left == "null":
        return "true" if operator in ("empty", "null", "not exists", "is not", "≠", "not contains") else "false"
    if operator in ("empty", "null", "not exists"):
        return f'({left} == null || dyn({left}) == "" || dyn({left}) == [])'
    if operator in ("not empty", "not null", "exists"):
        return f'({left} != null && dyn({left}) != "" && dyn({left}) != [])'
    if entry.get("sub_variable_condition") is not None:
        return _files(left, entry["sub_variable_condition"], refused)
    # These compare numbers in Dify, whatever the type is said to be.
    numeric = operator in ("=", "≠", ">", "<", "≥", "≤")
    word = _word(value, "number" if numeric else entry.get("varType"))
    match operator:
        case "contains":
            return f"({left} != null && ({_among(left, word)}))"
        case "not contains":
            return f"({left} == null || !({_among(left, word)}))"
        case "start with":
            return f"({left} != null && {left}.startsWith({word}))"
        case "end with":
            return f"({left} != null && {left}.endsWith({word}))"
        case "in" | "not in" if isinstance(value, list):
            listed = f"{left} in {json.dumps(value, ensure_ascii=False)}"
            return f"({listed})" if operator == "in" else f"!({listed})"
        case _ if operator in _COMPARED:
            sign = _COMPARED[operator]
            if sign in ("==", "!="):
                return f"({left} {sign} {word})"
            return f"({left} != null && double({left}) {sign} double({word}))"
        case _:
            refused(f"the comparison {operator!r} has no meaning here and never holds")
            return "false"


def joined(entries: list[Any], operator: object, one: Callable[[dict[str, Any]], str]) -> str:
    """Several comparisons, all or any of which are to hold."""
    said = [one(entry) for entry in entries if isinstance(entry, dict)]
    return (" || " if operator == "or" else " && ").join(said) or "true"


def _among(left: str, word: str) -> str:
    return f"type({left}) == string ? {left}.contains({word}) : {word} in {left}"


def _word(value: Any, kind: object) -> str:
    if kind == "number" and isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return json.dumps(value, ensure_ascii=False)
        return value if "." in value or "e" in value.lower() else str(int(value))
    return json.dumps(value, ensure_ascii=False)


def _files(left: str, inner: Any, refused: Callable[[str], None]) -> str:
    """A condition on the files of a list: some file of which all (or any) of these hold."""
    entries = inner.get("conditions") if isinstance(inner, dict) else None
    if not isinstance(entries, list):
        refused("a condition on files says nothing and never holds")
        return "false"
    return (
        f"{left}.exists(f, {joined(entries, inner.get('logical_operator'), lambda one: file_condition(one, refused))})"
    )


def file_condition(entry: dict[str, Any], refused: Callable[[str], None]) -> str:
    """A comparison of one field of a file, called `f`."""
    key = str(entry.get("key") or "")
    if not key:
        return "true"
    return condition({**entry, "variable_selector": ["f", key]}, lambda _: f"f.{key}", refused)
