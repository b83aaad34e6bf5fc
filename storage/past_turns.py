"""Turns that were answered, with what they asked and what the answering call used; and calls that only repeated a failure."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.models import ModelRef
from contracts.routing import RoutingContext
from contracts.turns import TurnRequest
from contracts.usage import Usage
from storage.usage_columns import usage_of


@dataclass(frozen=True, slots=True)
class PastTurn:
    """`cost` is in USD, of the call that answered. `request` says of itself what
    it was taken for; a conversation's messages are not in it."""

    id: UUID
    request: TurnRequest
    model: ModelRef
    usage: Usage
    cost: Decimal
    at: datetime


_NOTHING_SAID = [{"role": "user", "parts": []}]

_SAMPLE = text("""
    SELECT u.*, t.id AS of_turn, t.request AS request, t.plan AS plan
      FROM model_usage u JOIN turns t ON t.id = u.turn_id
     WHERE u.workspace_id = :workspace_id AND u.started_at >= :since AND u.started_at < :until AND u.state = 'completed'
     ORDER BY md5(u.turn_id::text)
     LIMIT :most
""")
_REPEATS = text("""
    SELECT u.provider || ':' || u.model AS model, count(*) AS calls, sum(u.cost) AS cost
      FROM model_usage u
     WHERE u.workspace_id = :workspace_id AND u.started_at >= :since AND u.started_at < :until AND u.state = 'failed'
       AND EXISTS (
           SELECT FROM model_usage b
            WHERE b.turn_id = u.turn_id AND b.step = u.step AND b.attempt = u.attempt - 1
              AND b.state = 'failed' AND b.provider = u.provider AND b.model = u.model
       )
     GROUP BY 1
""")


async def sample(
    connection: AsyncConnection, workspace_id: UUID, *, since: datetime, until: datetime, most: int
) -> list[PastTurn]:
    """At most so many answered turns that began in the time, spread over it evenly; the same ones each time."""
    given = {"workspace_id": workspace_id, "since": since, "until": until, "most": most}
    return [
        PastTurn(
            id=row.of_turn,
            request=_request(row.request, row.plan or {}),
            model=ModelRef(provider=row.provider, model=row.model),
            usage=usage_of(row),
            cost=row.cost,
            at=row.started_at,
        )
        for row in await connection.execute(_SAMPLE, given)
    ]


async def repeats(
    connection: AsyncConnection, workspace_id: UUID, *, since: datetime, until: datetime
) -> list[tuple[str, int, Decimal]]:
    """Of each model (`provider:model`) the failed calls that followed a failed call of it in their turn; their cost in USD."""
    given = {"workspace_id": workspace_id, "since": since, "until": until}
    return [(row.model, row.calls, row.cost) for row in await connection.execute(_REPEATS, given)]


def _request(asked: dict[str, Any], plan: dict[str, Any]) -> TurnRequest:
    request = TurnRequest.model_validate({"messages": _NOTHING_SAID, **asked})
    taken_for = {name: plan[name] for name in ("task", "difficulty") if plan.get(name) is not None}
    routing = RoutingContext.model_validate({**taken_for, **request.routing.model_dump(exclude_none=True)})
    return request.model_copy(update={"routing": routing})
