"""When a callback has been tried for the last time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.common import RetryPolicy
from temporalio.testing import ActivityEnvironment

from activities.callbacks import is_last_try

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
POLICY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.5, maximum_interval=timedelta(minutes=30)
)


@pytest.mark.parametrize(
    ("attempt", "after", "last"),
    [
        (1, timedelta(seconds=1), False),
        (60, timedelta(hours=23), False),
        (60, timedelta(hours=23, minutes=29), False),
        (60, timedelta(hours=23, minutes=30), True),
        (9999, timedelta(hours=25), True),
    ],
)
def test_the_last_try_is_the_one_that_no_other_can_follow(attempt: int, after: timedelta, last: bool) -> None:
    environment = ActivityEnvironment()
    environment.info = replace(
        environment.info,
        attempt=attempt,
        scheduled_time=BEGAN,
        schedule_to_close_timeout=timedelta(hours=24),
        retry_policy=POLICY,
    )
    assert environment.run(is_last_try, BEGAN + after) is last
