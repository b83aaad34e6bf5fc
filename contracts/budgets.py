"""Budgets: who may spend how much in which window, and what came of asking."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import UUID

OnExceeded = Literal["reject", "downgrade", "wait"]
"""What a turn does that a hard budget has no room for: fail, ask a cheaper model, or wait until there is room."""

EACH = "*"
"""A budget's value that gives everybody of its scope the limit for himself."""


class Scope(StrEnum):
    """Whose spending a budget counts."""

    WORKSPACE = "workspace"
    USER = "user"
    KEY = "key"
    TAG = "tag"
    MODEL = "model"
    RUN = "run"


class Unit(StrEnum):
    """What is counted."""

    USD = "usd"
    TOKENS = "tokens"
    REQUESTS = "requests"


class Period(StrEnum):
    """How long a window is."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class BudgetTerms:
    """What a budget says.

    `value` is the user, the key's id, the tag (`name=value`), the model (`provider:model`, `provider:*`) or the run; empty for
    the workspace. `*` (of a tag `name=*`) counts each of them for himself. `limit` is in `unit`. A `hard` budget is never
    exceeded, a soft one only alerts. A `rolling` window is the period up to now, else a calendar's in `time_zone`. `thresholds`
    are percentages of the limit.
    """

    name: str
    scope: Scope
    value: str
    unit: Unit
    limit: Decimal
    hard: bool
    period: Period
    rolling: bool
    time_zone: str
    thresholds: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget of a workspace."""

    id: UUID
    workspace_id: UUID
    terms: BudgetTerms
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """The time that a limit is for, from `start` to before `end`; None: it has no end. `slot_seconds` is how finely a rolling
    window forgets, None for a calendar's.
    """

    start: datetime
    end: datetime | None = None
    slot_seconds: int | None = None
    slots: int = 0


@dataclass(frozen=True, slots=True, order=True)
class AccountKey:
    """Names what was spent of one budget, by whom, in which window. Sorted by it, accounts are always locked in one order."""

    budget_id: UUID
    subject: str
    window_start: datetime


@dataclass(frozen=True, slots=True)
class Spender:
    """Who spends: everything that a budget may be for. `tags` are the entries of a request's metadata, `within` what runs
    count by budgets of their own.
    """

    workspace_id: UUID
    user: str | None = None
    key_id: UUID | None = None
    run: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A budget that counts a spender's call. `subject` is who it is counted for, where the budget counts each for himself."""

    budget: Budget
    subject: str


@dataclass(frozen=True, slots=True)
class Want:
    """An amount to be reserved, in the budget's unit, in its window of now."""

    claim: Claim
    window: Window
    amount: Decimal

    @property
    def key(self) -> AccountKey:
        """The account that it is reserved in."""
        return AccountKey(self.claim.budget.id, self.claim.subject, self.window.start)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A budget has no room for what is wanted: `left` of its limit is."""

    want: Want
    left: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """An account's state. `limit` is what holds in its window; `room` is what is neither spent nor reserved."""

    limit: Decimal
    spent: Decimal
    reserved: Decimal
    room: Decimal


@dataclass(frozen=True, slots=True)
class Charge:
    """What an attempt came to, in each unit."""

    usd: Decimal = Decimal(0)
    tokens: int = 0
    requests: int = 0

    def of(self, unit: Unit) -> Decimal:
        """The amount in that unit."""
        match unit:
            case Unit.USD:
                return self.usd
            case Unit.TOKENS:
                return Decimal(self.tokens)
            case Unit.REQUESTS:
                return Decimal(self.requests)
