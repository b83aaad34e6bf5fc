"""Planning under budgets: what they leave steers the choice. Whether a call fits is judged exactly when it is reserved."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.budgets import Spender, Unit, Want
from contracts.errors import ErrorKind, PerdureError
from contracts.turns import Candidate, RoutePlan, TurnRequest
from domain.budgets.matching import matches
from domain.budgets.windows import forgotten_before, window_of
from domain.routing.planning import Ready
from storage import budget_accounts, budgets
from storage.turns import TurnRow


async def usd_left(
    connection: AsyncConnection, turn: TurnRow, request: TurnRequest, *, now: datetime
) -> Decimal | None:
    """The least that any hard budget in USD leaves the turn, models' own aside; None where none counts it."""
    if not turn.budgeted:
        return None
    spender = Spender(
        turn.workspace_id, request.knobs.user, turn.key_id, request.run, request.metadata, request.within or ()
    )
    asked = [(one.scope, one.value, one.subject) for one in matches(spender, None)]
    left: list[Decimal] = []
    for claim in await budgets.applying(connection, turn.workspace_id, asked):
        terms = claim.budget.terms
        if not terms.hard or terms.unit is not Unit.USD:
            continue
        window = window_of(terms, now)
        key = Want(claim, window, Decimal(0)).key
        totals = await budget_accounts.totals(connection, key, forgotten=forgotten_before(window, now))
        left.append(terms.limit if totals is None else max(Decimal(0), totals.room))
    return min(left, default=None)


def plan_within(ready: Ready, left: Decimal | None, *, downgrading: bool) -> RoutePlan:
    """The plan, by models whose worst price is within `left` where there are any. `downgrading`: also by others than were named.

    Where nothing fits the plan is made without regard to budgets; the reservation then refuses, saying which and when it renews.
    """
    if left is None:
        return ready.route().plan
    situation = replace(ready.situation, budget_left=left)
    within = replace(ready, situation=situation)
    plan = _or_none(within)
    if plan is None and downgrading and ready.asked.models:
        context = ready.asked.context.model_copy(update={"strategy": "cost"})
        plan = _or_none(replace(within, asked=replace(ready.asked, models=(), context=context)))
        if plan is not None:
            named = ", ".join(str(model) for model in ready.asked.models)
            return plan.model_copy(update={"candidates": tuple(_downgraded(one, named) for one in plan.candidates)})
    return plan or ready.route().plan


def _or_none(ready: Ready) -> RoutePlan | None:
    try:
        return ready.route().plan
    except PerdureError as error:
        if error.kind is not ErrorKind.BUDGET_EXCEEDED:
            raise
        return None


def _downgraded(candidate: Candidate, named: str) -> Candidate:
    return candidate.model_copy(
        update={"reason": f"in place of {named}, for which a budget has no room: {candidate.reason}"}
    )
