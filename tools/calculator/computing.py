"""Computing a tree in decimals: exact where decimals are, 50 digits otherwise, bounded in time and size."""

import decimal
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import assert_never

from contracts.tools import ToolError
from tools.calculator.reading import Apply, Node, Number

_DIGITS = 50
_MAX_FACTORIAL = 1_000
_PI = Decimal("3.14159265358979323846264338327950288419716939937510582")
_E = Decimal("2.71828182845904523536028747135266249775724709369995957")

_CONTEXT = decimal.Context(
    prec=_DIGITS,
    Emin=-5_000,
    Emax=5_000,
    traps=[decimal.DivisionByZero, decimal.InvalidOperation, decimal.Overflow],
    rounding=decimal.ROUND_HALF_EVEN,
)
"""Exponents are bounded, so that no power takes long or fills the memory."""


def compute(node: Node) -> Decimal:
    """The value. Raises `ToolError` where it is undefined or too large."""
    try:
        with decimal.localcontext(_CONTEXT):
            return _value(node)
    except decimal.DivisionByZero:
        raise ToolError("The expression divides by zero.") from None
    except decimal.Overflow:
        raise ToolError("A value has more than 5000 digits before the point.") from None
    except decimal.InvalidOperation:
        raise ToolError("The expression is undefined: a root or logarithm of a negative number, or 0/0, 0^0.") from None


def written(value: Decimal) -> str:
    """The value in plain notation where that is short, without trailing zeros."""
    with decimal.localcontext(_CONTEXT):
        short = value.normalize()
        if short == 0:
            return "0"
        exponent = short.adjusted()
        return f"{short:f}" if -30 <= exponent <= _DIGITS else str(short)


def _value(node: Node) -> Decimal:
    match node:
        case Number(text):
            # Through the context: a number beyond its exponents is an error and not a cost.
            return decimal.getcontext().create_decimal(text)
        case Apply(name, arguments):
            return _applied(name, [_value(argument) for argument in arguments])
        case _:
            assert_never(node)


def _applied(name: str, values: Sequence[Decimal]) -> Decimal:
    if name not in _FUNCTIONS:
        raise ToolError(f"There is no function or constant {name!r}. There are: {', '.join(sorted(_NAMED))}.")
    least, most, function = _FUNCTIONS[name]
    if not least <= len(values) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise ToolError(f"{name} takes {wanted} values and was given {len(values)}.")
    return function(*values)


def _root(value: Decimal, degree: Decimal = Decimal(2)) -> Decimal:
    return value.sqrt() if degree == 2 else value ** (1 / degree)


def _rounded(value: Decimal, places: Decimal = Decimal(0)) -> Decimal:
    """Half away from zero, as people expect of money."""
    if places != places.to_integral_value() or abs(places) > 40:
        raise ToolError("round takes a whole number of places, from -40 to 40.")
    return value.quantize(Decimal(1).scaleb(-int(places)), rounding=decimal.ROUND_HALF_UP)


def _whole(rounding: str) -> Callable[[Decimal], Decimal]:
    return lambda value: value.to_integral_value(rounding=rounding)


def _factorial(value: Decimal) -> Decimal:
    if value != value.to_integral_value() or not 0 <= value <= _MAX_FACTORIAL:
        raise ToolError(f"factorial takes a whole number from 0 to {_MAX_FACTORIAL}.")
    product = Decimal(1)
    for factor in range(2, int(value) + 1):
        product *= factor
    return product


def _log(value: Decimal, base: Decimal = _E) -> Decimal:
    return value.ln() if base == _E else value.log10() if base == 10 else value.ln() / base.ln()


def _floored(left: Decimal, right: Decimal) -> Decimal:
    return (left / right).to_integral_value(rounding=decimal.ROUND_FLOOR)


def _remainder(left: Decimal, right: Decimal) -> Decimal:
    """With the sign of the divisor, as in mathematics and Python."""
    rest = left % right
    return rest + right if rest and (rest < 0) != (right < 0) else rest


def _sum(*values: Decimal) -> Decimal:
    return sum(values, Decimal(0))


_OPERATORS: dict[str, tuple[int, int, Callable[..., Decimal]]] = {
    "+": (2, 2, lambda left, right: left + right),
    "-": (2, 2, lambda left, right: left - right),
    "*": (2, 2, lambda left, right: left * right),
    "/": (2, 2, lambda left, right: left / right),
    "//": (2, 2, _floored),
    "%": (2, 2, _remainder),
    "^": (2, 2, lambda left, right: left**right),
    "neg": (1, 1, lambda value: -value),
}
_NAMED: dict[str, tuple[int, int, Callable[..., Decimal]]] = {
    "pi": (0, 0, lambda: _PI),
    "e": (0, 0, lambda: _E),
    "abs": (1, 1, lambda value: abs(value)),
    "sqrt": (1, 1, _root),
    "root": (2, 2, _root),
    "exp": (1, 1, lambda value: value.exp()),
    "ln": (1, 1, lambda value: value.ln()),
    "log": (1, 2, _log),
    "log10": (1, 1, lambda value: value.log10()),
    "round": (1, 2, _rounded),
    "floor": (1, 1, _whole(decimal.ROUND_FLOOR)),
    "ceil": (1, 1, _whole(decimal.ROUND_CEILING)),
    "trunc": (1, 1, _whole(decimal.ROUND_DOWN)),
    "factorial": (1, 1, _factorial),
    "min": (1, 500, min),
    "max": (1, 500, max),
    "sum": (1, 500, _sum),
    "mean": (1, 500, lambda *values: _sum(*values) / len(values)),
}
_FUNCTIONS = {**_OPERATORS, **_NAMED}
