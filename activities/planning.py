"""Planning a turn: what is known now is gathered, and the plan made of it."""

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.affording import plan_within, usd_left
from activities.classifying import Classifying, text_of
from activities.health_view import HealthView
from contracts.health import Measured
from contracts.models import ModelRef
from contracts.policies import VersionedPolicy
from contracts.turns import LastAnswer, RoutePlan, TurnRequest
from domain.catalog import Catalog, Catalogs
from domain.policies.force import Policies
from domain.routing import Asked, Needs, Prepared, Situation, Sticky, needs_of, prepare
from domain.routing.caches import cached_after
from domain.routing.planning import Liked, Ready
from domain.tokens import count_messages, roughly
from storage import messages, preferences, turns
from storage.turns import TurnRow, whole_request

_REMEMBERED = 64
"""Policies whose preparations are kept."""
COUNTED_FROM = 4_000
"""Tokens from which a prompt is counted rather than estimated from its size."""


@dataclass(frozen=True, slots=True)
class _Indexed:
    """A catalog under a policy with its index; `base` is the catalog without the policy that it was made of."""

    base: Catalog
    catalog: Catalog
    prepared: Prepared


class Planner:
    """Plans turns by the catalog, the policy in force and what is measured. One per process.

    `wires` names each provider's wire (`openai`, `anthropic`, ...), for tools that only one wire has.
    """

    def __init__(
        self,
        catalogs: Catalogs,
        policies: Policies,
        health: HealthView,
        classifying: Classifying,
        *,
        wires: Mapping[str, str] | None = None,
    ) -> None:
        self._catalogs = catalogs
        self._policies = policies
        self._health = health
        self._classifying = classifying
        self._wires = dict(wires or {})
        self._prepared: OrderedDict[str, _Indexed] = OrderedDict()
        self._renewing: asyncio.Task[None] | None = None
        self._preparing = asyncio.Lock()
        self._rotation = itertools.count()

    async def plan(self, connection: AsyncConnection, turn: TurnRow, *, now: datetime) -> RoutePlan:
        """The plan of a turn. Raises PerdureError where no model can answer, saying which filter left none."""
        last = None
        if turn.conversation_id is None:
            request = whole_request(turn, None)
        else:
            said = await messages.of_turn(connection, turn.id)
            request = whole_request(turn, [one.message for one in said])
            if not request.fresh:
                last = await turns.last_answer(connection, turn.conversation_id, before=turn.turn_no or 0)
        liked = partial(preferences.liked, connection, turn.workspace_id, request.knobs.user or "", now=now)
        ready = await self.gather(
            request, workspace_id=turn.workspace_id, last=last, liked=liked, seed=str(turn.id), now=now
        )
        rules = self._policies.effective(turn.workspace_id).policy.budgets
        left = None
        if rules.on_exceeded != "wait" and (rules.on_exceeded == "downgrade" or not request.models):
            left = await usd_left(connection, turn, request, now=now)
        return plan_within(ready, left, downgrading=rules.on_exceeded == "downgrade")

    async def gather(
        self,
        request: TurnRequest,
        *,
        workspace_id: UUID,
        last: LastAnswer | None,
        liked: Liked,
        seed: str,
        now: datetime,
        policy: VersionedPolicy | None = None,
    ) -> Ready:
        """What a plan of the request is made from: see `domain.routing.planning.Planning`."""
        policy = policy or self._policies.effective(workspace_id)
        catalog, prepared = await self._prepare(policy)
        free = not request.models
        needs = _needs(request, history=last.tokens if last else 0)
        classified = None
        if free and policy.policy.switches.classify:
            context = request.routing
            if (context.task is None or context.difficulty is None) and text_of(request):
                classified = await self._classifying.classify(request)
        likes: Mapping[str, float] = {}
        if free:
            likes = await liked(request.routing.task or (classified.task if classified else None))
        asked = Asked(
            needs=needs,
            context=request.routing,
            models=request.models,
            limits=request.limits,
            on_new_attempt=request.on_new_attempt,
            allowed_models=request.allowed_models,
        )
        situation = Situation(
            now=now,
            measured=self._measured(catalog),
            preference={ModelRef.parse(name): score for name, score in likes.items()},
            sticky=_sticky(last, catalog, now),
            rotation=next(self._rotation),
            seed=seed,
            classified=classified,
        )
        return Ready(catalog, prepared, asked, situation)

    async def catalog(self, workspace_id: UUID) -> Catalog:
        """The models under the workspace's policy."""
        catalog, _ = await self._prepare(self._policies.effective(workspace_id))
        return catalog

    async def warm(self) -> None:
        """Index what most turns are planned by, and load the classifier, ahead of the first turn."""
        policy = self._policies.deployment.policy
        await self._prepare(policy)
        if policy.policy.switches.classify:
            await self._classifying.warm()

    async def _prepare(self, policy: VersionedPolicy) -> tuple[Catalog, Prepared]:
        """The catalog under the policy and its index, which a thread makes once for each pair of them.

        Where the catalog alone has changed, the former one serves until the new one is indexed.
        """
        known = self._prepared.get(policy.version)
        if known is None:
            async with self._preparing:
                known = self._prepared.get(policy.version) or await self._renew(policy)
        elif known.base is not self._catalogs.plain and self._renewing is None:
            self._renewing = asyncio.create_task(self._renew_alone(policy))
        self._prepared.move_to_end(policy.version)
        return known.catalog, known.prepared

    async def _renew(self, policy: VersionedPolicy) -> "_Indexed":
        base = self._catalogs.plain
        catalog, prepared = await asyncio.to_thread(self._index, policy)
        made = self._prepared[policy.version] = _Indexed(base, catalog, prepared)
        while len(self._prepared) > _REMEMBERED:
            self._prepared.popitem(last=False)
        return made

    async def _renew_alone(self, policy: VersionedPolicy) -> None:
        try:
            async with self._preparing:
                await self._renew(policy)
        finally:
            self._renewing = None

    def _index(self, policy: VersionedPolicy) -> tuple[Catalog, Prepared]:
        catalog = self._catalogs.under(policy.policy, policy.version)
        return catalog, prepare(catalog, policy.policy, version=policy.version, wires=self._wires)

    def _measured(self, catalog: Catalog) -> dict[ModelRef, Measured]:
        """What is known of models; where a whole provider is left alone, of each of its models."""
        measured = self._health.all()
        away = {one.key.provider for one in self._health.breakers() if not one.key.model and not one.key.credential}
        if away:
            for entry in catalog.entries:
                if entry.ref.provider in away and entry.ref not in measured:
                    measured[entry.ref] = self._health.of(entry.ref)
        return measured


def _needs(request: TurnRequest, *, history: int) -> Needs:
    tokens = roughly(request.messages)
    if tokens >= COUNTED_FROM:
        model = request.models[0].model if request.models else ""
        tokens = count_messages(request.messages, model=model)
    return needs_of(
        request.messages,
        input_tokens=history + tokens,
        # What is older is left out where it does not fit.
        least_input_tokens=tokens if history else None,
        tools=request.tools,
        output=request.output,
        answer_room=request.knobs.max_output_tokens,
    )


def _sticky(last: LastAnswer | None, catalog: Catalog, now: datetime) -> Sticky | None:
    if last is None:
        return None
    cached = cached_after(last.usage, catalog.entry(last.model).prices)
    return Sticky(last.model, cached, max(0.0, (now - last.at).total_seconds()))
