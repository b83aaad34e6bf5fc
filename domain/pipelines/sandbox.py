"""Where templates are rendered: no code of Python's, no endless work, no text that grows without bound."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

LARGEST = 1_000_000
"""Characters of a rendered text, and items of a range."""
_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset({"upper", "lower", "title", "capitalize", "strip", "lstrip", "rstrip", "split", "splitlines"})
    | {"startswith", "endswith", "find", "count", "isdigit", "isalpha", "removeprefix", "removesuffix"},
    dict: frozenset({"items", "keys", "values", "get"}),
    list: frozenset({"index", "count"}),
}
FILTERS = (
    *("abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "groupby", "int", "items", "join"),
    *("last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select"),
    *("selectattr", "sort", "string", "sum", "title", "trim", "truncate", "unique", "upper", "urlencode", "wordcount"),
)
"""Those of Jinja's filters that cannot make much of little. `replace` and `tojson` are ours, below."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja without what reaches Python, and with bounds where a text could grow."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Only what is harmless of plain values; fields of mappings are not attributes and are always seen."""
        for kind, allowed in _METHODS.items():
            if isinstance(obj, kind):
                return attr in allowed
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """`format` could pad a text to any length; it is no exception here."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A field of a mapping goes before a method of the same name: `step.items` is what the step calls items."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuses what could become huge. Raises SecurityError."""
        match operator:
            case "**":
                raise SecurityError("powers are not taken in templates")
            case "%" if isinstance(left, str):
                raise SecurityError("text cannot be formatted with % in templates")
            case "*" if not (_is_number(left) and _is_number(right)):
                raise SecurityError("only numbers can be multiplied in templates")
            case "*" if (
                isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > 1_024
            ):
                raise SecurityError("a number becomes too large")
            case _:
                return super().call_binop(context, operator, left, right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > 10_000:
        raise SecurityError("a range in a template holds 10,000 numbers at most")
    return found


def _replace(value: Any, old: str, new: str, count: int | None = None) -> str:
    text = str(value)
    if not old or (len(new) > len(old) and text.count(old) * len(new) > LARGEST):
        raise SecurityError("a text becomes too large by what is replaced in it")
    return text.replace(old, new, -1 if count is None else count)


def _join(value: Any, separator: str = "", attribute: str | None = None) -> str:
    parts = [shown(one[attribute] if attribute is not None else one) for one in value]
    if sum(map(len, parts)) + len(separator) * len(parts) > LARGEST:
        raise SecurityError(f"a text becomes longer than {LARGEST:,} characters")
    return separator.join(parts)


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON as it is stored, or with up to 8 spaces of indentation for a model to read."""
    import json

    return json.dumps(value, ensure_ascii=False, indent=None if indent is None else max(0, min(int(indent), 8)))


def shown(value: Any) -> str:
    """A value within a text: text as it is, nothing for null, JSON for the rest."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | int | float | dict | list | tuple):
        return to_json(value)
    return str(value)


def sandbox(finalize: Callable[[Any], Any]) -> Sandbox:
    """An environment with our filters alone."""
    environment = Sandbox(undefined=StrictUndefined, autoescape=False, optimized=False, finalize=finalize)
    environment.globals = {"range": _range}
    filters = {name: environment.filters[name] for name in FILTERS}
    environment.filters = {**filters, "replace": _replace, "join": _join, "tojson": to_json}
    return environment
