"""Money before and after a call: reserved in the transaction that opens the attempt, settled in the one that closes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import assert_never

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.exceptions import ApplicationError

from activities.announcing import announce, waiting_id
from activities.errors import failure
from activities.world import World
from contracts.activities import Complete
from contracts.budgets import AccountKey, Charge, Claim, OnExceeded, Scope, Shortfall, Spender, Unit, Want
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import AI_STEP_BUDGETS
from contracts.turns import TurnRequest
from contracts.usage import Cost, Usage
from contracts.webhooks import EventType
from domain.budgets.amounts import (
    answer_bound,
    at_least,
    hour_cached,
    kept,
    longest_within,
    prompt_tokens,
    searches_of,
    slice_ahead,
)
from domain.budgets.matching import matches
from domain.budgets.saying import shortfall_message
from domain.budgets.status import crossed, projected
from domain.budgets.windows import alert_window, forgotten_before, slot_end, window_of
from domain.estimates import forecast, margin_of
from domain.retries import GiveUp
from storage import audit, budget_accounts, budget_events, budgets, reservations
from storage.attempts import OpenedAttempt
from storage.reservations import AttemptKey
from storage.turns import TurnRow

_REMEMBERED = 10_000
"""Thresholds that a process keeps in mind, so as not to tell of them again."""

log = structlog.get_logger("perdure.budgets")


class BudgetShortError(PerdureError):
    """A hard budget has no room for the call. The transaction that would have opened the attempt is to be rolled back."""

    def __init__(self, shortfall: Shortfall) -> None:
        budget, window = shortfall.want.claim.budget, shortfall.want.window
        detail = {
            "budget_id": str(budget.id),
            "left": f"{max(Decimal(0), shortfall.left):f}",
            "unit": budget.terms.unit,
        }
        if window.end is not None:
            detail["renews_at"] = window.end.isoformat()
        super().__init__(ErrorKind.BUDGET_EXCEEDED, shortfall_message(shortfall), detail=detail)
        self.shortfall = shortfall


def spender_of(turn: TurnRow, request: TurnRequest) -> Spender:
    """Who spends what the turn costs."""
    return Spender(
        turn.workspace_id, request.knobs.user, turn.key_id, request.run, request.metadata, request.within or ()
    )


async def reserve(world: World, connection: AsyncConnection, request: Complete, opened: OpenedAttempt) -> int | None:
    """Reserve the worst that the call may come to, in every budget that counts it.

    Returns the tokens that the answer may have, None where no hard budget bounds it. Raises `BudgetShortError`.
    """
    turn, model, now = opened.turn, request.candidate.model, world.clock()
    if not turn.budgeted:
        return None
    asked = [(one.scope, one.value, one.subject) for one in matches(spender_of(turn, opened.request), model)]
    claims = await budgets.applying(connection, turn.workspace_id, asked)
    if not claims:
        return None
    worst = await _worst(world, request, opened, now)
    own = [claim for claim in claims if _is_step_limit(claim)]
    if own:
        left = await _left(connection, own, now)
        worst = await _worst(world, request, opened, now, within=left)
    wants = [_want(claim, request, worst, now) for claim in claims]
    short = await reservations.reserve(
        connection,
        AttemptKey(turn.id, request.step, opened.number),
        wants,
        ahead=slice_ahead,
        forgotten=lambda want: forgotten_before(want.window, now),
        now=now,
    )
    if short is not None:
        raise BudgetShortError(short)
    if request.waited:
        await budget_events.waited(connection, turn.id)
    bounding = any(claim.budget.terms.hard and claim.budget.terms.unit is not Unit.REQUESTS for claim in claims)
    return worst.answer if bounding else None


async def refused(world: World, request: Complete, error: BudgetShortError) -> ApplicationError:
    """Tell that a budget had no room, the first time in its window, and note that the turn waits where it does; the failure."""
    want, now = error.shortfall.want, world.clock()
    if _is_step_limit(want.claim):
        # Nobody can raise it, so nobody waits for that.
        on_exceeded: OnExceeded = "reject" if request.on_exceeded == "wait" else request.on_exceeded
        return failure(error, GiveUp("the step's cost limit has no room"), on_exceeded=on_exceeded)
    budget, subject = want.claim.budget, want.claim.subject
    said = {"left": f"{error.shortfall.left:f}", "wanted": f"{want.amount:f}", "turn_id": str(request.turn_id)}
    async with world.database.begin() as connection:
        first = await budget_events.tell(
            connection,
            workspace_id=budget.workspace_id,
            budget_id=budget.id,
            subject=subject,
            window_start=alert_window(budget.terms, now),
            kind="exhausted",
            threshold=Decimal(0),
            detail=said,
            now=now,
        )
        if first is not None:
            exhausted = EventType.BUDGET_EXHAUSTED
            await announce(connection, exhausted, budget, subject, event_id=first, detail=said, now=now)
        if request.on_exceeded == "wait":
            await budget_events.wait(
                connection,
                request.turn_id,
                workspace_id=budget.workspace_id,
                budget_id=budget.id,
                subject=subject,
                wanted=want.amount,
                now=now,
            )
            event_id = waiting_id(request.turn_id, budget.id)
            waiting = EventType.BUDGET_WAITING
            await announce(connection, waiting, budget, subject, event_id=event_id, detail=said, now=now)
        if not request.waited:
            await audit.record(
                connection,
                workspace_id=budget.workspace_id,
                at=now,
                actor="worker",
                action="budget.waited_for" if request.on_exceeded == "wait" else "budget.refused",
                subject_id=request.turn_id,
                detail={**error.detail, "model": str(request.candidate.model), "wanted": f"{want.amount:f}"},
            )
    if first is not None:
        log.warning("a budget is exhausted", budget=str(budget.id), name=budget.terms.name)
    renews_in = None if want.window.end is None else max(0.0, (want.window.end - now).total_seconds())
    return failure(error, GiveUp("a budget has no room"), on_exceeded=request.on_exceeded, renews_in=renews_in)


async def settle(
    connection: AsyncConnection, attempt: AttemptKey, usage: Usage, cost: Cost, *, now: datetime
) -> list[AccountKey]:
    """Charge what the attempt came to; the accounts, for `alert`. The last statements of a transaction, since others wait.

    May be said again where more became known. An attempt that was billed nothing is no request.
    """
    usd = kept(cost.total)
    billed = 1 if usage.total or usd else 0
    return await reservations.settle(connection, attempt, Charge(usd, usage.total, billed), slot_of=slot_end, now=now)


async def release(connection: AsyncConnection, attempt: AttemptKey, *, now: datetime) -> None:
    """Give back what was reserved for an attempt that called nobody."""
    await reservations.release(connection, attempt, slot_of=slot_end, now=now)


async def alert(world: World, accounts: Sequence[AccountKey]) -> None:
    """Tell of every threshold that an account has reached, once in its window. What fails is told at the next charge or sweep.

    Asked after the commit: of two who charge at once, the later then sees both.
    """
    for key in accounts:
        try:
            await _alert(world, key)
        except Exception as error:
            log.warning(
                "a budget's thresholds were not looked at", budget=str(key.budget_id), error=type(error).__name__
            )


async def _alert(world: World, key: AccountKey) -> None:
    now = world.clock()
    async with world.database.singly() as connection:
        budget = await budgets.known(connection, key.budget_id)
        if budget is None:
            return
        window = window_of(budget.terms, now)
        totals = await budget_accounts.totals(connection, key, forgotten=forgotten_before(window, now))
    if totals is None or window.start != key.window_start:
        return
    projection, began = projected(totals.spent, window, now), alert_window(budget.terms, now)
    reached = [(budget.id, key.subject, began, threshold) for threshold in crossed(budget.terms.thresholds, totals)]
    reached = [one for one in reached if one not in world.told]
    if not reached:
        return
    async with world.database.begin() as connection:
        for *_, threshold in reached:
            detail = {
                "spent": f"{totals.spent:f}",
                "limit": f"{totals.limit:f}",
                "unit": budget.terms.unit,
                "projected": None if projection is None else f"{projection:f}",
                "overage": None if projection is None else f"{max(Decimal(0), projection - totals.limit):f}",
            }
            told = await budget_events.tell(
                connection,
                workspace_id=budget.workspace_id,
                budget_id=budget.id,
                subject=key.subject,
                window_start=began,
                kind="threshold",
                threshold=threshold,
                detail=detail,
                now=now,
            )
            if told is not None:
                said = {"threshold": f"{threshold.normalize():f}", **detail}
                reach = EventType.BUDGET_THRESHOLD
                await announce(connection, reach, budget, key.subject, event_id=told, detail=said, now=now)
                log.warning("a budget reached a threshold", budget=str(budget.id), threshold=f"{threshold:f}")
    # What the transaction did not keep is told again.
    if len(world.told) > _REMEMBERED:
        world.told.clear()
    world.told.update(reached)


@dataclass(frozen=True, slots=True)
class _Worst:
    """The most that a call may come to: `cost`, `tokens` in all, of which `answer` are the answer's."""

    cost: Cost
    tokens: int
    answer: int


async def _left(connection: AsyncConnection, claims: Sequence[Claim], now: datetime) -> Decimal:
    """The least that these budgets have left."""
    left = list[Decimal]()
    for claim in claims:
        window = window_of(claim.budget.terms, now)
        key = Want(claim, window, Decimal(0)).key
        totals = await budget_accounts.totals(connection, key, forgotten=forgotten_before(window, now))
        left.append(claim.budget.terms.limit if totals is None else totals.room)
    return min(left)


def _is_step_limit(claim: Claim) -> bool:
    terms = claim.budget.terms
    return terms.scope is Scope.RUN and terms.value.startswith(AI_STEP_BUDGETS)


async def _worst(
    world: World, request: Complete, opened: OpenedAttempt, now: datetime, *, within: Decimal | None = None
) -> _Worst:
    """The worst of the call; `within`: of the longest answer that this would pay for, where that is long enough to be of use."""
    asked, model, workspace_id = opened.request, request.candidate.model, opened.turn.workspace_id
    catalog = await world.planner.catalog(workspace_id)
    answer = answer_bound(asked.knobs.max_output_tokens, catalog.entry(model).max_output, request.answer_bound)
    prompt = prompt_tokens(asked, asked.messages, model.model)
    window = request.candidate.window
    if window is not None and opened.turn.conversation_id is not None:
        # What does not fit the window is left out before the call.
        prompt = min(prompt, window)
    book = world.price_book(workspace_id)

    def worst_of(longest: int) -> Cost:
        return forecast(
            book,
            model,
            at=now,
            prompt=prompt,
            asked=longest,
            tier=asked.knobs.service_tier or "",
            hour_cache=hour_cached(asked.messages),
            searches=searches_of(asked.tools),
        ).worst

    if within is not None:
        answer = longest_within(answer, within, lambda longest: worst_of(longest).total)
    return _Worst(worst_of(answer), prompt * margin_of(model.model) // 100 + 1 + answer, answer)


def _want(claim: Claim, request: Complete, worst: _Worst, now: datetime) -> Want:
    terms, window = claim.budget.terms, window_of(claim.budget.terms, now)
    match terms.unit:
        case Unit.REQUESTS:
            return Want(claim, window, Decimal(1))
        case Unit.TOKENS:
            return Want(claim, window, Decimal(worst.tokens))
        case Unit.USD:
            if terms.hard and not worst.cost.priced:
                model = request.candidate.model
                raise PerdureError(
                    ErrorKind.BUDGET_EXCEEDED,
                    f"A budget in USD counts this call, and no list says what {model} costs. Give it a price in the policy, "
                    f"under models.{model}.price, list it under pricing.free, or ask another model.",
                    detail={"model": str(model)},
                )
            return Want(claim, window, at_least(worst.cost.total))
        case _:
            assert_never(terms.unit)
