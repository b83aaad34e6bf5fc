"""A run's workflow over scripted activities: what it asks of the world, and how it ends."""

import pytest
from temporalio.client import Client

from contracts.ids import step_key
from tests.replay.record_runs import SCENES, play

pytestmark = pytest.mark.real

ENDS = {
    "run-fails-beside": ("failed", "a"),
    "nexus-run-failed": ("failed", "a"),
    "nexus-run-cancelled": ("cancelled", None),
    "run-step-takes-too-long": ("failed", "a"),
    "run-takes-too-long": ("timeout", None),
    "run-cancelled": ("cancelled", None),
    "run-cancelled-mid-turn": ("cancelled", None),
    "run-cancelled-in-the-queue": ("cancelled", None),
}


@pytest.mark.parametrize("name", sorted(SCENES))
async def test_a_scene_ends_as_it_should(temporal_client: Client, name: str) -> None:
    activities, _ = await play(temporal_client, name)
    last = activities.closed[-1]
    assert (last.how, last.failed) == ENDS.get(name, ("completed", None))


async def test_steps_run_as_soon_as_what_they_need_has_ended(temporal_client: Client) -> None:
    activities, _ = await play(temporal_client, "run-in-order")
    assert [one.step_id for one in activities.advanced] == ["a", "b"]


async def test_what_came_of_waiting_is_told(temporal_client: Client) -> None:
    activities, _ = await play(temporal_client, "run-waits-for-time")
    assert [(one.waited, one.serial) for one in activities.advanced] == [(False, 0), (True, 1)]
    activities, _ = await play(temporal_client, "run-waits-for-a-nudge")
    assert [(one.waited, one.serial) for one in activities.advanced] == [(False, 0), (False, 1)]
    activities, _ = await play(temporal_client, "run-calls-tools")
    told = activities.advanced[-1]
    assert (told.results, {call: one.message for call, one in told.tool_failures.items()}) == (
        {"one": "00"},
        {"broken": "broken says the fake"},
    )


async def test_a_step_that_took_too_long_is_told_so(temporal_client: Client) -> None:
    activities, _ = await play(temporal_client, "run-step-takes-too-long")
    failure = activities.advanced[-1].failure
    assert failure is not None
    assert failure.kind == "timeout"
    assert "0.1 s" in failure.message


async def test_items_are_worked_on_within_the_window(temporal_client: Client) -> None:
    activities, _ = await play(temporal_client, "run-map-items")
    ended = {one.position: one.failed for one in activities.passes}
    assert ended == {0: None, 1: "y", 2: None, 3: None, 4: None}
    assert {step_key(one.step_id, one.place) for one in activities.advanced} >= {"x.0", "y.1", "y.4"}


async def test_rounds_follow_each_other(temporal_client: Client) -> None:
    activities, _ = await play(temporal_client, "run-loop-rounds")
    assert [one.position for one in activities.passes] == [1, 2, 3]


async def test_what_follows_an_end_does_not_hold_it_up(temporal_client: Client) -> None:
    activities, history = await play(temporal_client, "run-is-followed")
    # The next in line was gone, which is no matter.
    assert "EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED" in history
    assert history.count('"EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED"') == 2
    assert len(activities.closed) == 1


async def test_a_queued_run_asks_again_when_its_turn_has_come(temporal_client: Client) -> None:
    activities, _ = await play(temporal_client, "run-waits-for-its-turn")
    assert [one.step_id for one in activities.advanced] == ["a"]
