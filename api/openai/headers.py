"""What a client that cannot add fields to its body says in headers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from api.bodies import RoutingBody
from api.naming import STRATEGIES
from api.openai.bodies import MOST_MODELS, ChatBody
from api.openai.refusing import invalid

STRATEGY = "X-Perdure-Strategy"
FALLBACKS = "X-Perdure-Fallbacks"
MAX_PRICE = "X-Perdure-Max-Price"


def with_headers(body: ChatBody, headers: Mapping[str, str]) -> ChatBody:
    """The body with what headers add to it; what the body says itself stands, as a client's headers are mostly its defaults.

    `X-Perdure-Strategy` is `routing.strategy`, `X-Perdure-Fallbacks` are `models`, with commas between, and
    `X-Perdure-Max-Price` is `routing.max_price` in USD. Raises `invalid_request` naming the header.
    """
    given = {name: headers[name].strip() for name in (STRATEGY, FALLBACKS, MAX_PRICE) if name in headers}
    if not given:
        return body
    changes: dict[str, Any] = {}
    if STRATEGY in given and given[STRATEGY] not in STRATEGIES:
        raise invalid(STRATEGY, f"it is one of {', '.join(STRATEGIES)}, not {given[STRATEGY][:40]!r}")
    if STRATEGY in given and body.routing.strategy is None and ":" not in (body.model or ""):
        changes["strategy"] = given[STRATEGY]
    if MAX_PRICE in given:
        price = _price(given[MAX_PRICE])
        if body.routing.max_price is None:
            changes["max_price"] = price
    models = list(body.models)
    if FALLBACKS in given:
        named = [name.strip() for name in given[FALLBACKS].split(",")]
        if not all(named):
            raise invalid(FALLBACKS, "it holds names of models with commas between, none of them empty")
        if len(named) > MOST_MODELS:
            raise invalid(FALLBACKS, f"it holds at most {MOST_MODELS} models, not {len(named)}")
        models = models or named
    routing = RoutingBody.model_validate({**body.routing.model_dump(exclude_unset=True), **changes})
    return body.model_copy(update={"routing": routing, "models": models})


def _price(text: str) -> Decimal | None:
    try:
        return RoutingBody.model_validate({"max_price": text}).max_price
    except ValidationError:
        raise invalid(MAX_PRICE, f"it is an amount in USD, as 0.02, not {text[:40]!r}") from None
