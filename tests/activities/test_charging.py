"""An attempt is charged by the prices in force for its workspace."""

from dataclasses import replace
from decimal import Decimal

import pytest
from temporalio.exceptions import ApplicationError

from contracts.errors import ErrorKind
from contracts.policies import Policy
from domain.pricing import book_of
from providers.simulator.control import Simulator
from tests.activities.conftest import Place
from tests.activities.watching import complete, rows

pytestmark = pytest.mark.real


def under(place: Place, policy: dict[str, object]) -> Place:
    book = book_of(Policy.model_validate(policy))
    return Place(replace(place.world, price_book=lambda _: book), place.workspace_id)


async def test_the_policys_price_is_charged_and_kept_with_its_parts(place: Place, simulator: Simulator) -> None:
    place = under(place, {"models": {"openai:gpt-4o-mini": {"price": {"input": 7, "output": 9, "cache_read": 7}}}})
    turn_id = await place.accept("openai:gpt-4o-mini")
    done = await complete(place, await place.request(turn_id))
    (row,) = await rows(place, turn_id)
    expected = (row.usage.input * Decimal(7) + row.usage.output * Decimal(9)) / 1_000_000
    assert row.cost == expected > 0
    assert sum(row.charged.parts.values()) == row.cost
    assert row.charged.price_source.startswith("policy over genai-prices")
    assert done.result.cost is not None
    assert done.result.cost.total == expected


async def test_a_model_without_a_price_is_not_called_where_the_policy_forbids_it(
    place: Place, simulator: Simulator
) -> None:
    place = under(place, {"pricing": {"unknown": "error"}})
    turn_id = await place.accept("openai:no-such-model-at-all")
    with pytest.raises(ApplicationError, match="has no known price") as raised:
        await complete(place, await place.request(turn_id))
    assert (raised.value.type, raised.value.non_retryable) == (ErrorKind.ACCESS_DENIED.value, True)
    assert simulator.calls() == []
    assert await rows(place, turn_id) == []


async def test_volume_discounts_count_what_the_ledger_holds(place: Place, simulator: Simulator) -> None:
    steps = [{"above": 0, "discount": "0"}, {"above": 1, "discount": "0.5"}]
    place = under(place, {"pricing": {"volume": {"openai:gpt-4.1-nano": steps}}})
    costs = []
    for _ in range(2):
        turn_id = await place.accept("openai:gpt-4.1-nano")
        await complete(place, await place.request(turn_id))
        (row,) = await rows(place, turn_id)
        costs.append(row.cost)
    assert costs[1] * 2 == costs[0] > 0
