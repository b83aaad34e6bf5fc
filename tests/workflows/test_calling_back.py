"""A run's end is told until somebody takes it; where nobody will, that is noted."""

import pytest
from temporalio.client import Client

from tests.workflows.calling_back import run_callback

pytestmark = pytest.mark.real


@pytest.mark.parametrize(("taken", "tries", "gave_up"), [(True, 2, 0), (False, 1, 1)])
async def test_it_is_told_or_given_up(temporal_client: Client, taken: bool, tries: int, gave_up: int) -> None:
    telling, _ = await run_callback(temporal_client, taken=taken)
    assert (telling.tries, telling.gave_up) == (tries, gave_up)
