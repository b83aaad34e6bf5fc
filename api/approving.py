"""`/api/turns/{id}/approve-budget`: letting one turn go on that waits for a budget, without raising the budget for good."""

from decimal import Decimal

from fastapi import APIRouter
from fastapi.responses import Response

from api import examples_budgets as examples
from api import showing_budgets as showing
from api.auth import Caller, DoorsOf
from api.bodies import path_id
from api.documenting import documented
from api.json import json_response
from api.waking import wake
from contracts.budgets import AccountKey
from contracts.errors import ErrorKind, PerdureError
from domain.budgets.windows import forgotten_before, window_of
from storage import audit, budget_accounts, budget_events, budgets, turns

router = APIRouter(prefix="/api/turns", tags=["budgets"])


@router.post(
    "/{turn_id}/approve-budget",
    responses=documented({200: ("What was added.", examples.APPROVED)}, errors=(401, 403, 404, 409)),
)
async def approve_budget(turn_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Approve a turn that waits for room in a budget: the limit is raised in the present window by what the turn lacks.

    Where another budget has no room either, the turn waits for that one next. 409: it waits for none.
    """
    found, now = path_id(turn_id, "turn"), doors.clock()
    async with doors.database.begin() as connection:
        await turns.find(connection, found, workspace_id=caller.workspace_id)
        wait = await budget_events.wait_of(connection, found, workspace_id=caller.workspace_id)
        if wait is None:
            raise PerdureError(ErrorKind.CONFLICT, f"Turn {found} waits for no budget.", detail={"turn_id": str(found)})
        budget = await budgets.find(connection, wait.budget_id, workspace_id=caller.workspace_id, lock=True)
        window = window_of(budget.terms, now)
        key = AccountKey(budget.id, wait.subject, window.start)
        await budget_accounts.open_account(connection, key, window_end=window.end)
        totals = await budget_accounts.totals(connection, key, forgotten=forgotten_before(window, now))
        missing = wait.wanted if totals is None else max(Decimal(0), wait.wanted - totals.room)
        if missing:
            await budget_accounts.change_limit(connection, key, missing)
        await audit.record(
            connection,
            workspace_id=caller.workspace_id,
            at=now,
            actor=caller.prefix,
            action="budget.approved",
            subject_id=found,
            detail={"budget_id": str(budget.id), "raised_by": showing.amount(missing)},
        )
    await wake(doors, [found])
    return json_response({"turn_id": str(found), "budget_id": str(budget.id), "raised_by": showing.amount(missing)})
