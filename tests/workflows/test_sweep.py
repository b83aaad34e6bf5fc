"""A sweep settles until nothing is left, and reports the sum."""

from decimal import Decimal

import pytest
from temporalio.client import Client

from contracts.sweeping import Swept
from tests.workflows.sweeping import run_sweep

pytestmark = pytest.mark.real


async def test_it_goes_on_while_there_is_more(temporal_client: Client) -> None:
    first = Swept(reservations=200, attempts=150, estimated=20, usd=Decimal("1.5"))
    swept, _ = await run_sweep(temporal_client, [first, Swept(reservations=1, attempts=1, usd=Decimal("0.25"))])
    assert swept == Swept(reservations=201, attempts=151, estimated=20, usd=Decimal("1.75"))


async def test_there_may_be_nothing(temporal_client: Client) -> None:
    swept, history = await run_sweep(temporal_client, [])
    assert swept == Swept()
    assert history.count('"eventId"') <= 11
