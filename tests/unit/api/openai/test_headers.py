"""Headers stand in for the body's fields."""

from decimal import Decimal
from typing import Any

import pytest

from api.openai.bodies import ChatBody
from api.openai.headers import with_headers
from contracts.errors import PerdureError


def body(**fields: Any) -> ChatBody:
    whole = {"model": "auto", "messages": [{"role": "user", "content": "Hi"}]}
    return ChatBody.model_validate({**whole, **fields})


def test_headers_add_what_the_body_does_not_say() -> None:
    given = {"X-Perdure-Strategy": "cost", "X-Perdure-Max-Price": "0.02", "X-Perdure-Fallbacks": " a, b:c "}
    found = with_headers(body(routing={"quality_floor": 0.5}), given)
    assert (found.routing.strategy, found.routing.max_price, found.routing.quality_floor) == (
        "cost",
        Decimal("0.02"),
        0.5,
    )
    assert found.models == ["a", "b:c"]


def test_the_body_stands() -> None:
    given = {"X-Perdure-Strategy": "cost", "X-Perdure-Max-Price": "0.02", "X-Perdure-Fallbacks": "a"}
    said = body(routing={"strategy": "quality", "max_price": "1"}, models=["b"])
    found = with_headers(said, given)
    assert (found.routing, found.models) == (said.routing, ["b"])
    assert with_headers(body(model="auto:quality"), {"X-Perdure-Strategy": "cost"}).routing.strategy is None


def test_without_headers_nothing_is_touched() -> None:
    said = body()
    assert with_headers(said, {"Content-Type": "application/json"}) is said


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Perdure-Strategy", ""),
        ("X-Perdure-Strategy", "cheap"),
        ("X-Perdure-Max-Price", ""),
        ("X-Perdure-Max-Price", "1e999999999"),
        ("X-Perdure-Max-Price", "1e-999999999"),
        ("X-Perdure-Max-Price", "Infinity"),
        ("X-Perdure-Max-Price", "-0.1"),
        ("X-Perdure-Fallbacks", ""),
        ("X-Perdure-Fallbacks", "a,"),
    ],
    ids=["no-strategy", "strategy", "no-price", "huge", "tiny", "infinite", "negative", "nobody", "comma"],
)
def test_a_bad_header_is_refused_even_where_the_body_stands(header: str, value: str) -> None:
    with pytest.raises(PerdureError) as refused:
        with_headers(body(routing={"strategy": "quality", "max_price": "1"}, models=["b"]), {header: value})
    assert refused.value.field == header
