"""Filters: who cannot or may not answer a request, and by which filter."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Literal, TypeVar

from contracts.health import Measured
from contracts.models import ModelRef
from domain.routing.asking import Situation
from domain.routing.columns import mask_where
from domain.routing.masks import indices, mask_of
from domain.routing.needs import Needs
from domain.routing.prepared import Prepared, is_named
from domain.routing.prices import worst_price
from domain.routing.request import Request

if TYPE_CHECKING:
    from domain.routing.columns import Floats

UNKNOWN_WINDOW = 32_768
"""Tokens that a model's window is taken to have where nobody says: few models that are still sold have less."""

Named = TypeVar("Named", bound=str)

Filter = Literal[
    "enabled",
    "access",
    "provider",
    "capability",
    "window",
    "region",
    "privacy",
    "tags",
    "quality",
    "price",
    "budget",
    "health",
]
"""The filters, in the order in which they are asked."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one filter did: who was `left` when it came, and whom it `removed`, and what it `wanted`, in words."""

    filter: Filter
    wanted: str
    left: int
    removed: int


@dataclass(frozen=True, slots=True)
class Screening:
    """Who passed, in two tiers: `fit`, and those `behind` them that fit but cannot be reached now. `steps` tell of the rest."""

    book: Prepared
    fit: int
    behind: int
    steps: tuple[Step, ...]

    def removed(self, by: Filter) -> tuple[ModelRef, ...]:
        """The models that a filter removed."""
        return tuple(
            self.book.entries[i].ref for step in self.steps if step.filter == by for i in indices(step.removed)
        )

    def why(self, position: int) -> str | None:
        """Why the model at `position` was removed; None where it was not."""
        return next((f"{step.filter}: {step.wanted}" for step in self.steps if step.removed >> position & 1), None)


def screen(request: Request) -> Screening:
    """Ask every filter. Nothing is refused here: an empty result's last step is the filter that emptied it."""
    left, steps = request.among, []
    for name, judge in _FILTERS:
        judged = judge(request, left)
        if judged is None:
            continue
        wanted, passed = judged
        if left & ~passed:
            steps.append(Step(name, wanted, left, left & ~passed))
        left &= passed
        if not left:
            return Screening(request.book, 0, 0, tuple(steps))
    unreachable = left & _unreachable(request)
    return Screening(request.book, left & ~unreachable, unreachable, tuple(steps))


def reachable(measured: Measured, situation: Situation) -> bool:
    """No breaker is open and no provider's wish to wait is running. One that is half open has its one probe already."""
    limited = measured.limited_until is not None and measured.limited_until > situation.now
    return measured.breaker == "closed" and not limited


def _unreachable(request: Request) -> int:
    return mask_of(at for at, one in request.measured.items() if not reachable(one, request.situation))


Judged = tuple[str, int] | None
"""What a filter wants, in words, and who has it; None where it wants nothing."""


def _enabled(request: Request, left: int) -> Judged:
    return "switched off by policy", request.book.enabled


def _access(request: Request, left: int) -> Judged:
    tier, names = request.asked.context.user_tier, request.asked.allowed_models
    tiers = request.book.policy.user_tiers
    passed, wanted = left, []
    if names is not None:
        passed &= mask_of(i for i in indices(left) if is_named(names, request.book.entries[i]))
        wanted.append("the key allows it")
    if tier is not None and tiers:
        passed &= request.book.tiers[tier]
        most = tiers[tier].max_price
        if most is not None:
            passed = _affordable(request, passed, most)
        wanted.append(f"user tier {tier!r} allows it")
    return (" and ".join(wanted), passed) if wanted else None


def _provider(request: Request, left: int) -> Judged:
    context, needs, book = request.asked.context, request.asked.needs, request.book
    if not (context.providers or context.exclude or needs.tool_owners):
        return None
    passed, wanted = book.everything, []
    if context.providers:
        passed &= _any(book.providers.get(name, 0) for name in context.providers)
        wanted.append(f"one of the providers {_listed(context.providers)}")
    for name in sorted(needs.tool_owners):
        passed &= book.tool_owners.get(name, 0)
        wanted.append(f"a provider with the tools of {name}, which are asked for")
    if context.exclude:
        at = (book.at.get(name) for name in context.exclude)
        passed &= ~(
            _any(book.providers.get(name, 0) for name in context.exclude) | mask_of(i for i in at if i is not None)
        )
        wanted.append(f"none of the excluded {_listed(context.exclude)}")
    return ", ".join(wanted), passed


def _capability(request: Request, left: int) -> Judged:
    wanted = request.asked.needs.capabilities | request.asked.context.require
    return _held(wanted, request.book.capabilities) if wanted else None


def _window(request: Request, left: int) -> Judged:
    needs, book = request.asked.needs, request.book
    long_enough = book.everything if needs.answer_room is None else book.answers.at_least(needs.answer_room)
    tokens = needs.input_tokens
    fitting = _taking(request, tokens) & long_enough
    # Where no window takes the whole conversation, the newest part of it must do.
    if not left & fitting and needs.least_input_tokens is not None:
        tokens = min(tokens, needs.least_input_tokens)
        fitting = _taking(request, tokens) & long_enough
    if needs.answer_room is None:
        return f"a window of {tokens:,} tokens and the answer's room", fitting
    return f"a window of {tokens + needs.answer_room:,} tokens, {needs.answer_room:,} of them for the answer", fitting


def _taking(request: Request, tokens: int) -> int:
    """Those whose window takes so many tokens of prompt and the answer.

    One that nobody knows takes what its caller sends, and of what routing sends by itself `UNKNOWN_WINDOW`.
    """
    needs, book = request.asked.needs, request.book
    fitting = book.windows.masks[_first_fitting(needs, tokens, book.windows.values)]
    trusted = book.named or tokens + needs.room_in(UNKNOWN_WINDOW) <= UNKNOWN_WINDOW
    return fitting | book.windows.unknown if trusted else fitting


def _first_fitting(needs: Needs, tokens: int, windows: Sequence[float]) -> int:
    """The place of the smallest window that takes the request. What a window takes grows with it, so that halving finds it."""
    low, high = 0, len(windows)
    while low < high:
        middle = (low + high) // 2
        window = int(windows[middle])
        low, high = (low, middle) if tokens + needs.room_in(window) <= window else (middle + 1, high)
    return low


def _region(request: Request, left: int) -> Judged:
    wanted = request.asked.context.regions
    if not wanted:
        return None
    return f"one of the regions {_listed(wanted)}", _any(request.book.regions.get(one, 0) for one in wanted)


def _privacy(request: Request, left: int) -> Judged:
    wanted = request.asked.context.privacy
    return _held(wanted, request.book.privacy) if wanted else None


def _tags(request: Request, left: int) -> Judged:
    wanted = request.asked.context.tags
    return _held(wanted, request.book.tags) if wanted else None


def _quality(request: Request, left: int) -> Judged:
    floor = request.asked.context.quality_floor
    return None if floor is None else (f"a quality of {floor:g}", request.book.qualities.at_least(floor))


def _price(request: Request, left: int) -> Judged:
    most = request.asked.context.max_price
    return None if most is None else (f"a likely price of at most ${most:f}", _affordable(request, left, most))


def _budget(request: Request, left: int) -> Judged:
    most = request.situation.budget_left
    if most is None:
        return None

    needs, book = request.asked.needs, request.book
    within = _within(book.columns.worst(needs), most, left, lambda i: worst_price(book.entries[i], needs))
    return f"at worst within the ${most:f} that budgets leave", within


_FILTERS: tuple[tuple[Filter, Callable[[Request, int], Judged]], ...] = (
    ("enabled", _enabled),
    ("access", _access),
    ("provider", _provider),
    ("capability", _capability),
    ("window", _window),
    ("region", _region),
    ("privacy", _privacy),
    ("tags", _tags),
    ("quality", _quality),
    ("price", _price),
    ("budget", _budget),
)


def _affordable(request: Request, left: int, most: Decimal) -> int:
    """Those of `left` whose likely price is known and within `most`."""
    sticky, book = request.situation.sticky, request.book
    holder = None if sticky is None else book.position(sticky.model)
    usd = book.columns.likely(
        request.asked.needs, holder=holder, cached_tokens=0 if sticky is None else sticky.cached_tokens
    )
    return _within(usd, most, left, request.price)


def _within(usd: "Floats", most: Decimal, left: int, exact: Callable[[int], Decimal | None]) -> int:
    """Those of `left` whose price is known and at most `most`. Floats decide what is clear, decimals what is close."""
    limit = float(most)
    margin = limit * 1e-9
    clear = mask_where(usd < limit - margin) & left
    close = mask_where(abs(usd - limit) <= margin) & left
    return clear | mask_of(i for i in indices(close) if (price := exact(i)) is not None and price <= most)


def _held(wanted: frozenset[Named], held: Mapping[Named, int]) -> tuple[str, int]:
    """Those that hold all that is wanted."""
    return f"all of {_listed(wanted)}", reduce(and_, (held.get(one, 0) for one in wanted))


def _any(masks: Iterable[int]) -> int:
    return reduce(or_, masks, 0)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
