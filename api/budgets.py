"""`/api/budgets`: who may spend how much in which window, and where that stands."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api import examples_budgets as examples
from api import showing_budgets as showing
from api.auth import Caller, DoorsOf
from api.bodies import path_id
from api.budget_bodies import BudgetBody, BudgetChange
from api.documenting import documented, json_body
from api.doors import Doors
from api.json import json_response
from api.paging import DEFAULT_LIMIT, page_limit
from api.reading import read_body
from api.waking import wake
from contracts.budgets import EACH, AccountKey, Budget, BudgetTerms, Scope, Totals
from contracts.errors import ErrorKind, PerdureError
from domain.budgets.status import status_of
from domain.budgets.terms import check_limit, check_terms, check_text, check_thresholds
from domain.budgets.windows import forgotten_before, window_of
from storage import audit, budget_accounts, budget_events, budgets, keys
from storage.keys import ApiKey

router = APIRouter(prefix="/api/budgets", tags=["budgets"])
MOST_SUBJECTS = 100


@router.get("", responses=documented({200: ("The budgets.", examples.BUDGETS)}, errors=(400, 401)))
async def list_budgets(
    caller: Caller,
    doors: DoorsOf,
    scope: Scope | None = None,
    value: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The workspace's budgets, oldest first; each with where it stands, but for those that count each by itself."""
    if value is not None:
        check_text(value, "value")
    now = doors.clock()
    async with doors.database.begin() as connection:
        found = await budgets.listed(connection, workspace_id=caller.workspace_id, scope=scope, value=value)
        data = []
        for one in found:
            shown = showing.budget(one)
            if not counts_each(one.terms):
                shown["status"] = await _status(connection, one, "", now)
            data.append(shown)
    return json_response({"data": data})


@router.post(
    "",
    status_code=201,
    responses=documented({201: ("The budget.", examples.BUDGET)}, errors=(400, 401, 403, 404, 409, 413)),
    openapi_extra=json_body(BudgetBody, examples.BUDGET_BODY),
)
async def create_budget(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Set a budget. It counts what begins from now on; what was spent before it was set is not counted.

    A scope and value have one budget for each unit, window and strength: 409 names the fault of a second.
    """
    body = await read_body(request, BudgetBody, limit=doors.max_request_bytes)
    value = body.value
    if body.scope is Scope.MODEL and value and not value.endswith(EACH):
        catalog = await doors.planner.catalog(caller.workspace_id)
        value = str(catalog.resolve(value, field="value"))
    terms = body.terms(body.scope, value, body.name or _default_name(body, value))
    check_terms(terms)
    made = await make_budget(doors, caller, terms)
    return json_response(showing.budget(made), 201, {"Location": f"/api/budgets/{made.id}"})


async def make_budget(doors: Doors, caller: ApiKey, terms: BudgetTerms) -> Budget:
    """Keep a budget whose terms were checked."""
    now = doors.clock()
    async with doors.database.begin() as connection:
        if terms.scope is Scope.KEY and terms.value != EACH:
            await keys.named(connection, terms.value, workspace_id=caller.workspace_id, field="value")
        made = await budgets.create(connection, caller.workspace_id, terms, now=now)
        await audit.record(
            connection,
            workspace_id=caller.workspace_id,
            at=now,
            actor=caller.prefix,
            action="budget.created",
            subject_id=made.id,
            detail={"scope": terms.scope.value, "limit": showing.amount(terms.limit), "unit": terms.unit.value},
        )
    return made


@router.get("/events", responses=documented({200: ("The events.", examples.EVENTS)}, errors=(400, 401)))
async def list_events(caller: Caller, doors: DoorsOf, limit: int = DEFAULT_LIMIT) -> Response:
    """What budgets had to say, newest first: thresholds that were reached, and limits that first refused a call."""
    asked = page_limit(limit)
    async with doors.database.begin() as connection:
        found = await budget_events.listed(connection, workspace_id=caller.workspace_id, limit=asked)
    return json_response({"data": [showing.event(one) for one in found]})


@router.get("/{budget_id}", responses=documented({200: ("The budget.", examples.BUDGET)}, errors=(401, 404)))
async def get_budget(budget_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """One budget."""
    async with doors.database.begin() as connection:
        found = await budgets.find(connection, path_id(budget_id, "budget"), workspace_id=caller.workspace_id)
    return json_response(showing.budget(found))


@router.patch(
    "/{budget_id}",
    responses=documented({200: ("The budget as it now is.", examples.BUDGET)}, errors=(400, 401, 403, 404, 413)),
    openapi_extra=json_body(BudgetChange, {"limit": "250.00"}),
)
async def change_budget(request: Request, budget_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Raise or lower its limit, or change its name or thresholds. Turns that wait for it are told.

    A limit below what is spent or reserved already refuses what comes; what was accepted goes on.
    """
    body = await read_body(request, BudgetChange, limit=doors.max_request_bytes)
    found, now = path_id(budget_id, "budget"), doors.clock()
    async with doors.database.begin() as connection:
        before = await budgets.find(connection, found, workspace_id=caller.workspace_id, lock=True)
        terms = before.terms
        limit = terms.limit if body.limit is None else body.limit
        name = terms.name if body.name is None else body.name
        thresholds = terms.thresholds if body.thresholds is None else tuple(sorted(body.thresholds))
        check_text(name, "name")
        check_limit(limit, terms.unit)
        check_thresholds(thresholds)
        await budgets.change(connection, found, name=name, limit=limit, thresholds=thresholds, now=now)
        change = limit - terms.limit
        if change:
            await budget_accounts.change_limits(connection, found, change, now=now)
        await audit.record(
            connection,
            workspace_id=caller.workspace_id,
            at=now,
            actor=caller.prefix,
            action="budget.changed",
            subject_id=found,
            detail={"from": showing.amount(terms.limit), "to": showing.amount(limit)},
        )
        after = await budgets.find(connection, found, workspace_id=caller.workspace_id)
        waiting = await budget_events.waiting(connection, found) if change > 0 else []
    await wake(doors, [one.turn_id for one in waiting])
    return json_response(showing.budget(after))


@router.delete("/{budget_id}", status_code=204, responses=documented({204: ("Ended.", None)}, errors=(401, 403, 404)))
async def delete_budget(budget_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """End a budget. Turns that wait for it go on."""
    found, now = path_id(budget_id, "budget"), doors.clock()
    async with doors.database.begin() as connection:
        before = await budgets.find(connection, found, workspace_id=caller.workspace_id, lock=True)
        await budgets.delete(connection, found, now=now)
        await audit.record(
            connection,
            workspace_id=caller.workspace_id,
            at=now,
            actor=caller.prefix,
            action="budget.deleted",
            subject_id=found,
            detail={"limit": showing.amount(before.terms.limit)},
        )
        waiting = await budget_events.waiting(connection, found)
    await wake(doors, [one.turn_id for one in waiting])
    return Response(status_code=204)


@router.get(
    "/{budget_id}/status", responses=documented({200: ("Where it stands.", examples.STATUS)}, errors=(400, 401, 404))
)
async def get_status(
    budget_id: str,
    caller: Caller,
    doors: DoorsOf,
    subject: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """What is spent, reserved and left in the present window, where it is heading, and who waits.

    Of a budget that counts each by itself `subject` names one (a user, `name=value` of a tag, ...); without it there are
    `subjects`, at most a hundred of those that were counted in this window.
    """
    check_text(subject, "subject")
    now = doors.clock()
    async with doors.database.begin() as connection:
        one = await budgets.find(connection, path_id(budget_id, "budget"), workspace_id=caller.workspace_id)
        each = counts_each(one.terms)
        if subject and not each:
            message = "The budget counts all of its calls together; leave subject out."
            raise PerdureError(ErrorKind.INVALID_REQUEST, message, field="subject")
        shown: dict[str, Any] = {"budget": showing.budget(one)}
        if each and not subject:
            shown["subjects"] = [
                await _status(connection, one, name, now) for name in await _subjects(connection, one, now)
            ]
        else:
            shown |= await _status(connection, one, subject, now)
        shown["waiting"] = [showing.waiting(turn) for turn in await budget_events.waiting(connection, one.id)]
        events = await budget_events.listed(
            connection, workspace_id=caller.workspace_id, budget_id=one.id, limit=DEFAULT_LIMIT
        )
        shown["events"] = [showing.event(event) for event in events]
    return json_response(shown)


def counts_each(terms: BudgetTerms) -> bool:
    """The budget has an account for each of its scope. Of `provider:*`, a provider's models share one."""
    return terms.value == EACH or (terms.scope is Scope.TAG and terms.value.endswith(f"={EACH}"))


async def _subjects(connection: AsyncConnection, one: Budget, now: datetime) -> Sequence[str]:
    return await budget_accounts.subjects(
        connection, one.id, window_start=window_of(one.terms, now).start, limit=MOST_SUBJECTS
    )


async def _status(connection: AsyncConnection, one: Budget, subject: str, now: datetime) -> dict[str, Any]:
    window = window_of(one.terms, now)
    key = AccountKey(one.id, subject, window.start)
    totals = await budget_accounts.totals(connection, key, forgotten=forgotten_before(window, now))
    # Until somebody reserves in it a window has no account.
    limit, zero = one.terms.limit, Decimal(0)
    stands = status_of(one, totals or Totals(limit, zero, zero, limit), window, now)
    start = None if window.slot_seconds or window.end is None else window.start
    return showing.status(stands, subject=subject, window_start=start)


def _default_name(body: BudgetBody, value: str) -> str:
    return f"{body.scope.value} {value}".strip()
