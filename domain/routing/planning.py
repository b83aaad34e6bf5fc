"""What a plan is made from, and who gathers it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.policies import VersionedPolicy
from contracts.routing import TaskType
from contracts.turns import LastAnswer, TurnRequest
from domain.catalog import Catalog
from domain.routing.asking import Asked, Situation
from domain.routing.prepared import Prepared
from domain.routing.route import Routed, route

Liked = Callable[[TaskType | None], Awaitable[Mapping[str, float]]]
"""Looks up how much the request's user likes each model (`provider:model`) for a task, from -1 to 1."""


@dataclass(frozen=True, slots=True)
class Ready:
    """All that a plan is made from: the catalog under the policy, its index, the request, and what is known now."""

    catalog: Catalog
    prepared: Prepared
    asked: Asked
    situation: Situation

    def route(self) -> Routed:
        """Make the plan. Raises PerdureError where no model can answer."""
        return route(self.prepared, self.asked, self.situation)


class Planning(Protocol):
    """Knows the catalogs, the policies in force and what is measured."""

    async def catalog(self, workspace_id: UUID) -> Catalog:
        """The models under the workspace's policy."""
        ...

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
        """What a plan of the request is made from. `last` is the answer that its conversation last had.

        `policy` is planned by in the place of the one in force.
        """
        ...
