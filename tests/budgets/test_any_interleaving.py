"""Any interleaving of reserve, settle, release, expire, raise and lower keeps budgets within their limits and sums exact."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from contracts.budgets import Budget, Period, Scope
from domain.budgets.windows import slot_end
from storage import keys, reservations
from storage.database import Database
from storage.reservations import AttemptKey
from tests.budgets.spending import (
    NOW,
    broken_accounts,
    change_limit,
    new_attempt,
    new_budget,
    reserve,
    settle,
    totals,
    want,
)

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]

ZERO = Decimal(0)
cents = st.integers(min_value=1, max_value=60).map(lambda value: Decimal(value) / 100)
limits = st.integers(min_value=10, max_value=200).map(lambda value: Decimal(value) / 100)
picks = st.sets(st.integers(min_value=0, max_value=3), min_size=1)


@dataclass(slots=True)
class Held:
    """An attempt that has reserved, in which budgets, how much."""

    attempt: AttemptKey
    among: tuple[int, ...]
    amount: Decimal
    charged: Decimal | None = None


@dataclass(slots=True)
class Said:
    """What budgets have to say of themselves: two hard ones for all time, one hard that rolls, one soft."""

    limit: list[Decimal] = field(default_factory=lambda: [Decimal(1), Decimal(2), Decimal(1), Decimal(1)])
    spent: list[list[tuple[datetime, Decimal]]] = field(default_factory=lambda: [[], [], [], []])
    lowered: set[int] = field(default_factory=set)


class Budgets(RuleBasedStateMachine):
    """One thing after the other, or many at once, beside a plain account of what should have come of it."""

    dsn = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.now = NOW
        self.held: list[Held] = []
        self.done: list[Held] = []
        self.said = Said()

    def run(self, job: Awaitable[object]) -> None:
        async def wait() -> None:
            await job

        self.runner.run(wait())

    @initialize()
    def open(self) -> None:
        async def make() -> None:
            self.database = Database(self.dsn, pool_size=12)
            async with self.database.begin() as connection:
                workspace = await keys.workspace(connection, now=NOW, name=str(uuid4()))
            self.budgets: list[Budget] = [
                await new_budget(self.database, workspace, "1"),
                await new_budget(self.database, workspace, "2", scope=Scope.USER, value="ada"),
                await new_budget(
                    self.database, workspace, "1", scope=Scope.RUN, value="r", period=Period.HOUR, rolling=True
                ),
                await new_budget(self.database, workspace, "1", scope=Scope.TAG, value="a=b", hard=False),
            ]

        self.run(make())

    @rule(among=picks, amount=cents)
    def reserve_one(self, among: set[int], amount: Decimal) -> None:
        fits = all(self._room(number) >= amount for number in among if self.budgets[number].terms.hard)
        before = len(self.held)
        self.run(self._reserve(tuple(sorted(among)), amount))
        assert (len(self.held) > before) is fits

    @rule(number=st.integers(0, 9), share=st.sampled_from(["0", "0.3", "1", "1.5"]))
    def settle_one(self, number: int, share: str) -> None:
        if self.held:
            self.run(self._settle(self.held.pop(number % len(self.held)), Decimal(share)))

    @rule(number=st.integers(0, 9), share=st.sampled_from(["0", "0.5", "2"]))
    def settle_again(self, number: int, share: str) -> None:
        if self.done:
            self.run(self._settle(self.done.pop(number % len(self.done)), Decimal(share)))

    @rule(number=st.integers(0, 9))
    def release_one(self, number: int) -> None:
        if self.held:
            self.run(self._release(self.held.pop(number % len(self.held))))

    @rule(number=st.integers(0, 3), limit=limits)
    def raise_or_lower(self, number: int, limit: Decimal) -> None:
        self.run(self._limit(number, limit))

    @rule(minutes=st.integers(1, 70))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(seed=st.integers(0, 10_000), amounts=st.lists(cents, min_size=2, max_size=12), limit=limits)
    def all_at_once(self, seed: int, amounts: list[Decimal], limit: Decimal) -> None:
        draw = random.Random(seed)
        jobs: list[Callable[[], Awaitable[object]]] = []
        for amount in amounts:
            among = tuple(sorted(draw.sample(range(4), draw.randint(1, 4))))
            jobs.append(lambda among=among, amount=amount: self._reserve(among, amount))  # type: ignore[misc]
        ending, self.held = self.held, []
        for one in ending:
            if draw.random() < 0.7:
                share = Decimal(draw.choice(("0", "0.5", "1", "1.2")))
                jobs.append(lambda one=one, share=share: self._settle(one, share))  # type: ignore[misc]
            else:
                jobs.append(lambda one=one: self._release(one))  # type: ignore[misc]
        jobs.append(lambda: self._limit(draw.randrange(4), limit))
        draw.shuffle(jobs)

        async def together() -> None:
            await asyncio.gather(*(job() for job in jobs))

        self.run(together())

    @invariant()
    def every_sum_is_exact(self) -> None:
        if not hasattr(self, "budgets"):
            return

        async def look() -> None:
            assert await broken_accounts(self.database) == []
            for number, budget in enumerate(self.budgets):
                found = await totals(self.database, budget, now=self.now)
                reserved = sum((one.amount for one in self.held if number in one.among), ZERO)
                assert (found.reserved, found.spent) == (reserved, self._spent(number)), budget.terms.scope
                if not budget.terms.hard:
                    continue
                assert found.limit == self.said.limit[number]
                assert found.room == found.limit - found.spent - found.reserved
                if number not in self.said.lowered:
                    assert found.spent + found.reserved <= found.limit

        self.run(look())

    def teardown(self) -> None:
        async def end() -> None:
            for one in self.held:
                await self._settle(one, ZERO)
            for budget in self.budgets:
                assert (await totals(self.database, budget, now=self.now)).reserved == 0
            assert await broken_accounts(self.database) == []
            async with self.database.begin() as connection:
                await connection.execute(text("TRUNCATE reservations, budget_slices, budget_slots, budget_accounts"))
            await self.database.close()

        if hasattr(self, "budgets"):
            self.run(end())
        self.runner.close()

    def _spent(self, number: int) -> Decimal:
        rows = self.said.spent[number]
        if self.budgets[number].terms.rolling:
            since = self.now - timedelta(hours=1)
            rows = [row for row in rows if row[0] > since]
        return sum((amount for _, amount in rows), ZERO)

    def _room(self, number: int) -> Decimal:
        reserved = sum((one.amount for one in self.held if number in one.among), ZERO)
        return self.said.limit[number] - self._spent(number) - reserved

    async def _reserve(self, among: tuple[int, ...], amount: Decimal) -> None:
        attempt = new_attempt()
        wants = [want(self.budgets[number], amount, now=self.now) for number in among]
        if await reserve(self.database, attempt, wants, now=self.now) is None:
            self.held.append(Held(attempt, among, amount))

    async def _settle(self, one: Held, share: Decimal) -> None:
        usd = one.amount * share
        await settle(self.database, one.attempt, usd, now=self.now)
        more = usd - (one.charged or ZERO)
        for number in one.among:
            self.said.spent[number].append((slot_end(60, self.now), more))
            if usd > one.amount:
                # What was spent beyond the reservation is counted, though there was no room for it.
                self.said.lowered.add(number)
        one.charged = usd
        self.done.append(one)

    async def _release(self, one: Held) -> None:
        async with self.database.begin() as connection:
            await reservations.release(connection, one.attempt, slot_of=slot_end, now=self.now)

    async def _limit(self, number: int, limit: Decimal) -> None:
        if limit < self.said.limit[number]:
            self.said.lowered.add(number)
        budget = self.budgets[number]
        await change_limit(self.database, budget, limit, now=self.now)
        self.budgets[number] = replace(budget, terms=replace(budget.terms, limit=limit))
        self.said.limit[number] = limit


def test_any_interleaving(postgres_dsn: str) -> None:
    Budgets.dsn = postgres_dsn
    run_state_machine_as_test(
        Budgets,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
