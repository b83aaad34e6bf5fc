"""Conditions and calculations in CEL: compiled for what they refer to, evaluated on plain values."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from contracts.pipelines.plan import Reference
from domain.yaml.explaining import near

if TYPE_CHECKING:
    from cel import Program

_NATIVE = (
    *(
        "size",
        "contains",
        "startsWith",
        "endsWith",
        "matches",
        "string",
        "int",
        "uint",
        "double",
        "timestamp",
        "duration",
    ),
    *("type", "dyn", "getFullYear", "getMonth", "getDate", "getDayOfWeek", "getHours", "getMinutes", "getSeconds"),
    *("getDayOfMonth", "getDayOfYear", "getMilliseconds"),
)
_ADDED = (
    *(
        "bool",
        "min",
        "max",
        "sum",
        "indexOf",
        "substring",
        "split",
        "lowerAscii",
        "upperAscii",
        "trim",
        "distinct",
        "slice",
    ),
    *("sort", "first", "last", "math.abs", "math.ceil", "math.floor", "math.round", "math.greatest", "math.least"),
)
"""Of the library's own additions, those that cannot make much of little."""
_OPERATOR = re.compile(r"[@_!-]")
_MACROS = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*([A-Za-z_]\w*)\s*,")
_TOKEN = re.compile(
    r"""(?P<text>[rRbB]{0,2}(?:'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))"""
    r"""|(?P<comment>//[^\n]*)|(?P<number>\d[\w.]*)|(?P<name>[A-Za-z_]\w*)|(?P<space>\s+)|(?P<mark>.)""",
    re.DOTALL,
)
_WORDS = frozenset({"true", "false", "null", "in"})
TYPES = frozenset({"string", "int", "uint", "double", "bool", "bytes", "list", "map", "null_type", "type"})
"""CEL's names of types, as in `type(x) == string`."""


class UnfitConditionError(ValueError):
    """A condition that cannot be read, or not be evaluated. The message never holds the values."""


@lru_cache(maxsize=2_048)
def compiled(text: str) -> "Program":
    """Compile an expression. Raises UnfitConditionError."""
    import cel

    try:
        program = cel.compile(text)
        functions = program.functions()
    except ValueError as error:
        raise UnfitConditionError(_said(str(error))) from None
    except (RecursionError, MemoryError, OverflowError, RuntimeError) as error:
        raise UnfitConditionError(
            f"this condition cannot be compiled ({type(error).__name__}); make it simpler"
        ) from None
    known = {*_NATIVE, *_ADDED, *(name.partition(".")[2] for name in _ADDED)}
    for function in functions:
        if not _OPERATOR.match(function) and function not in known:
            hint = near(function, [*_NATIVE, *_ADDED]) or f" There are: {', '.join(sorted((*_NATIVE, *_ADDED)))}."
            raise UnfitConditionError(f"CEL has no function {function[:60]!r} here.{hint}")
    return program


def references(text: str) -> tuple[Reference, ...]:
    """What an expression reads, sorted. Raises UnfitConditionError."""
    program = compiled(text)
    bound = set(_MACROS.findall(_without_texts(text)))
    roots = set(program.variables()) - bound - TYPES - {"math", "has"}
    return tuple(sorted({one for one in _chains(text) if one.root in roots}, key=str))


def evaluated(text: str, names: Mapping[str, Any]) -> Any:
    """What an expression gives, as plain JSON values. Raises UnfitConditionError."""
    import cel

    try:
        context = cel.Context(variables=dict(names), functions=_functions())
        return _plain(compiled(text).execute(context))
    except UnfitConditionError:
        raise
    except KeyError as error:
        # What is missing is named where the text names it; else it is a value.
        name = next((str(one) for one in error.args if str(one) in text), "")
        raise UnfitConditionError(f"there is no {name!r} in what {text[:200]!r} reads") from None
    except (TypeError, ValueError, RuntimeError, LookupError, ArithmeticError) as error:
        # Its words may quote the values.
        raise UnfitConditionError(f"{text[:200]!r} does not fit its values ({type(error).__name__})") from None


def holds(text: str, names: Mapping[str, Any]) -> bool:
    """Whether a condition holds. Raises UnfitConditionError where it gives anything but true or false."""
    value = evaluated(text, names)
    if not isinstance(value, bool):
        raise UnfitConditionError(f"{text[:200]!r} gives neither true nor false; compare it with something")
    return value


def alone(text: str) -> Reference | None:
    """The reference that an expression is, if it is no more than that."""
    found = list(_chains(text))
    return found[0] if len(found) == 1 and re.sub(r"\s", "", text) == str(found[0]) else None


@lru_cache(maxsize=1)
def _functions() -> dict[str, Any]:
    from cel import stdlib

    return {name: one for name, one in _library(stdlib).items() if name in _ADDED}


def _library(stdlib: Any) -> dict[str, Any]:
    import cel

    context = cel.Context()
    stdlib.add_stdlib_to_context(context)
    return dict(context.functions)


def _without_texts(text: str) -> str:
    """The expression with its texts emptied, so that nothing in them is taken for a name."""
    return "".join(
        '""' if one.lastgroup == "text" else " " if one.lastgroup == "comment" else one[0] for one in _tokens(text)
    )


def _tokens(text: str) -> Iterator[re.Match[str]]:
    return _TOKEN.finditer(text)


def _chains(text: str) -> Iterator[Reference]:
    """Names with the fields and items after them. What is called as a function, or follows a call, is none."""
    tokens = [one for one in _tokens(text) if one.lastgroup not in ("space", "comment")]
    at = 0
    while at < len(tokens):
        token = tokens[at]
        before = tokens[at - 1][0] if at else ""
        at += 1
        if (
            token.lastgroup != "name"
            or token[0] in _WORDS
            or before == "."
            or (at < len(tokens) and tokens[at][0] == "(")
        ):
            continue
        path: list[str | int] = []
        while at + 1 < len(tokens):
            following = tokens[at + 1]
            if tokens[at][0] == "." and following.lastgroup == "name":
                if at + 2 < len(tokens) and tokens[at + 2][0] == "(":
                    break
                path.append(following[0])
                at += 2
            elif (
                tokens[at][0] == "["
                and at + 2 < len(tokens)
                and tokens[at + 2][0] == "]"
                and _literal(following) is not None
            ):
                literal = _literal(following)
                if literal is not None:
                    path.append(literal)
                at += 3
            else:
                break
        # `{a: 1}` names no field by `a`, but CEL reads it as a variable, and so do we.
        yield Reference(root=token[0], path=tuple(path))


def _literal(token: re.Match[str]) -> str | int | None:
    if token.lastgroup == "number" and token[0].isdigit() and len(token[0]) < 10:
        return int(token[0])
    if token.lastgroup == "text" and token[0][0] in "'\"" and "\\" not in token[0] and len(token[0].strip("'\"")) > 0:
        return token[0].strip("'\"")
    return None


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes():
            raise UnfitConditionError("an expression gives bytes; make it text with string()")
        case dict():
            return {str(name): _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case str() | bool() | int() | float() | None:
            return value
        case _:
            raise UnfitConditionError(f"an expression gives a {type(value).__name__}, which cannot be stored")


def _said(message: str) -> str:
    """The first of the parser's complaints and its place in the expression, without the list of all that could stand there."""
    found = re.search(r"ERROR: <input>:(\d+):(\d+): (.*)", message)
    if found is None:
        return "this is not a condition in CEL"
    line, column, said = found.groups()
    said = (
        re.sub(r" expecting \{.*|: no viable alternative.*", "", said.removeprefix("Syntax error: "))
        .strip()
        .rstrip(".")
    )
    where = f"character {column}" if line == "1" else f"line {line}, character {column}"
    hint = " Conditions are in CEL: write && for and, || for or, ! for not, == for equal." if "input" in said else ""
    return f"this is not a condition in CEL: {said[:200]} at {where}.{hint}"
