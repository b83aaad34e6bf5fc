"""Planning past turns again under another policy."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from api.doors import Doors
from api.policy_texts import InvalidPolicyError
from contracts.errors import PerdureError
from contracts.models import ModelRef
from contracts.policies import VersionedPolicy
from contracts.routing import TaskType
from domain.policies.merging import Document, merged
from domain.policies.problems import PolicyError
from domain.policies.reading import understood
from domain.policies.writing import dumped, version_of
from domain.pricing import book_of
from domain.reports.replaying import Comparison, Replayed, compare
from storage import past_turns
from storage.keys import ApiKey
from storage.past_turns import PastTurn


async def replay(
    doors: Doors, caller: ApiKey, over: Document, since: datetime, until: datetime, *, most: int, free: bool
) -> Comparison:
    """What at most so many turns would have cost under the workspace's policy with `over` laid upon it.

    `free`: turns that named their models are planned as if they had named none. Raises InvalidPolicyError.
    """
    now = dumped(doors.policies.effective(caller.workspace_id).policy)
    try:
        policy = understood(merged(now, over), base={}, source="what-if")
    except PolicyError as error:
        raise InvalidPolicyError(error) from None
    versioned = VersionedPolicy(policy, version_of(policy))
    async with doors.database.begin() as connection:
        turns = await past_turns.sample(connection, caller.workspace_id, since=since, until=until, most=most)
    replayed = []
    for turn in turns:
        other = await _planned(doors, caller, turn, versioned, free=free)
        replayed.append(Replayed(turn.model, turn.usage, turn.cost, other, turn.at))
    lists = doors.price_book(caller.workspace_id).lists
    return compare(replayed, book_of(policy, lists=lists))


async def _planned(
    doors: Doors, caller: ApiKey, turn: PastTurn, policy: VersionedPolicy, *, free: bool
) -> ModelRef | None:
    request = turn.request.model_copy(update={"models": ()}) if free else turn.request
    ready = await doors.planner.gather(
        request,
        workspace_id=caller.workspace_id,
        last=None,
        liked=_nobody,
        seed=str(turn.id),
        now=turn.at,
        policy=policy,
    )
    needs = replace(ready.asked.needs, input_tokens=turn.usage.input, least_input_tokens=None)
    # What is measured now says nothing about then.
    situation = replace(ready.situation, measured={})
    try:
        plan = replace(ready, asked=replace(ready.asked, needs=needs), situation=situation).route().plan
    except PerdureError:
        return None
    return plan.candidates[0].model


async def _nobody(task: TaskType | None) -> Mapping[str, float]:
    return {}
