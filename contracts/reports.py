"""What a report on use and cost is asked for, and what its lines say."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

Period = Literal["day", "week", "month"]
"""A line for each of them. Weeks are named by their Monday, months by their first day."""

BY = ("day", "week", "month", "provider", "model", "task", "user", "key", "tag")


@dataclass(frozen=True, slots=True)
class UsageAsked:
    """Which calls of a workspace, and by what they are told apart.

    Days are in UTC, by the call's beginning; `last` is included. `by` are names of `BY`; `tag` stands there as `tag:NAME`.
    Filters that are None let everything through; `model` may be `provider:model` or the model's own name; `tags` are pairs of
    name and value.
    """

    workspace_id: UUID
    first: date
    last: date
    by: tuple[str, ...] = ()
    provider: str | None = None
    model: str | None = None
    task: str | None = None
    user: str | None = None
    key: str | None = None
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class UsageLine:
    """Sums over calls: tokens, USD, milliseconds.

    `busy_ms` is from the calls' beginnings to their ends, `first_token_ms` to the first token of the `first_tokens` calls that
    had one. `labels` are the values of what was asked `by`, in its order; None where the calls tell none. `cost_lost` was paid
    for calls that gave no answer, `cache_saved` what the vendors' caches spared (below zero where writing cost more).
    """

    labels: tuple[date | str | None, ...] = ()
    calls: int = 0
    completed: int = 0
    estimated: int = 0
    unpriced: int = 0
    simulated: int = 0
    input_uncached: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    busy_ms: int = 0
    first_token_ms: int = 0
    first_tokens: int = 0
    cost: Decimal = field(default=Decimal(0))
    cost_lost: Decimal = field(default=Decimal(0))
    cache_saved: Decimal = field(default=Decimal(0))

    @property
    def input(self) -> int:
        """All tokens of prompts."""
        return self.input_uncached + self.cache_read + self.cache_write

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.input + self.output
