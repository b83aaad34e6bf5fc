"""What a call will cost, before it is made; and what it used, where the provider reported nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from contracts.models import ModelRef
from contracts.parts import Message, Part
from contracts.usage import Cost, Usage
from domain.pricing import PriceBook
from domain.tokens import count_messages, count_part

BATCH = "batch"
"""The tier of requests that are answered within a day, at half the price."""
TYPICAL_ANSWER = 500
"""Tokens of a usual answer, where nothing better is known."""
UNKNOWN_LIMIT = 32_768
"""Tokens of the longest answer, where neither the request nor the catalog bounds it."""
EXACT_MARGIN = 105
"""Per cent of our count that a prompt may have where we count as the vendor does: its format adds a few tokens."""
ROUGH_MARGIN = 140
"""Per cent of our count elsewhere: Claude's newer tokenizer makes up to 35 % more of the same text
(platform.claude.com/docs, "Migrating to Claude Opus 4.7")."""

_COUNTED_EXACTLY = ("gpt-", "o1", "o3", "o4", "chatgpt-", "text-embedding-")


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one call costs: at least, usually, and at worst, which is what has to be reserved. `low <= likely <= worst`.

    Each cost's `priced` is False where a price is unknown.
    """

    low: Cost
    likely: Cost
    worst: Cost


def forecast(
    book: PriceBook,
    model: ModelRef,
    *,
    at: datetime,
    prompt: int,
    cached: int = 0,
    asked: int | None = None,
    limit: int | None = None,
    usual: int | None = None,
    tier: str = "",
    hour_cache: bool = False,
    searches: int = 0,
    month_tokens: int = 0,
) -> Forecast:
    """The cost of a call of `prompt` counted tokens, of which the vendor's cache is expected to hold the first `cached`.

    The longest answer is what is `asked` for (`max_tokens`) within the model's own `limit`; `usual` is the likely one. At worst
    the cache holds nothing and is written (`hour_cache`: for an hour), our count falls short, all `searches` are made, and a
    discounted service `tier` is not given.
    """
    # A batch is a batch, whatever else the vendor has no room for.
    tiers = {tier} if tier == BATCH else {tier, ""}
    longest = longest_answer(asked, limit)
    cached = min(cached, prompt)
    most = prompt * margin_of(model.model) // 100 + 1

    def cost(usage: Usage, in_tier: str = tier) -> Cost:
        return book.price(usage, model, at=at, tier=in_tier, month_tokens=month_tokens)

    known = {"input_uncached": prompt - cached, "cache_read": cached}
    low = cost(Usage(**known, output=min(1, longest)))
    likely = cost(Usage(**known, output=min(usual or TYPICAL_ANSWER, longest)))
    ends = (
        Usage(input_uncached=most, output=longest, web_searches=searches),
        Usage(cache_write=most, cache_write_1h=most if hour_cache else 0, output=longest, web_searches=searches),
    )
    worst = max((likely, *(cost(usage, one) for usage in ends for one in tiers)), key=_total)
    return Forecast(min(low, likely, key=_total), likely, worst)


def longest_answer(asked: int | None, limit: int | None) -> int:
    """Tokens of the longest answer: what is asked for, within the model's own limit."""
    bounds = [bound for bound in (asked, limit) if bound is not None]
    return min(bounds) if bounds else UNKNOWN_LIMIT


def margin_of(model: str) -> int:
    """How many per cent of our count a prompt has at most at the vendor's."""
    return EXACT_MARGIN if model.startswith(_COUNTED_EXACTLY) else ROUGH_MARGIN


def estimate(messages: Iterable[Message], answered: Iterable[Part], *, model: str, reported: Usage | None) -> Usage:
    """The usage of an interrupted call: the whole prompt and what was answered so far, marked as an estimate.

    `reported` is what the vendor had said before the cut (Anthropic names the input at the start); its input is kept, and its
    output where it is the larger.
    """
    output = sum(count_part(part, model=model) for part in answered)
    if reported is not None:
        return reported.model_copy(update={"output": max(reported.output, output), "estimated": True})
    return Usage(input_uncached=count_messages(messages, model=model), output=output, estimated=True)


def _total(cost: Cost) -> Decimal:
    return cost.total
