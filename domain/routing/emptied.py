"""The refusal where no model can answer: which filter left nobody, and what would be nearest."""

from collections.abc import Iterable
from decimal import Decimal
from typing import assert_never

from contracts.errors import ErrorKind, PerdureError
from domain.catalog.entry import ModelEntry
from domain.routing.masks import indices
from domain.routing.prepared import is_named
from domain.routing.prices import worst_price
from domain.routing.request import Request
from domain.routing.screening import Filter, Screening, Step

_FIELDS: dict[Filter, str] = {
    "enabled": "model",
    "access": "routing.user_tier",
    "provider": "routing.providers",
    "capability": "routing.require",
    "window": "messages",
    "region": "routing.regions",
    "privacy": "routing.privacy",
    "tags": "routing.tags",
    "quality": "routing.quality_floor",
    "price": "routing.max_price",
}


def refusal(request: Request, screening: Screening) -> PerdureError:
    """The error of a screening that nobody passed, with the nearest value that could be met."""
    if not screening.steps:
        return PerdureError(
            ErrorKind.NOT_FOUND,
            "There is no model to choose from. Name one, or configure a provider: set its key.",
            field="model",
        )
    last = screening.steps[-1]
    came = last.left.bit_count()
    who = "the one model" if came == 1 else f"the {came:,} models"
    near = _nearest(request, last)
    return PerdureError(
        _kind(last.filter),
        f"No model can answer: the filter {last.filter!r} left none of {who} that it was asked about. "
        f"Wanted: {last.wanted}. {near}",
        field=_FIELDS.get(last.filter),
        detail={"filter": last.filter, "nearest": near},
    )


def _kind(name: Filter) -> ErrorKind:
    match name:
        case "enabled":
            return ErrorKind.NOT_FOUND
        case "access":
            return ErrorKind.ACCESS_DENIED
        case "budget":
            return ErrorKind.BUDGET_EXCEEDED
        case "window":
            return ErrorKind.CONTEXT_OVERFLOW
        case _:
            return ErrorKind.INVALID_REQUEST


def _nearest(request: Request, last: Step) -> str:
    """What the models that came to the filter could do, nearest to what was wanted."""
    places = indices(last.left)
    entries = [request.book.entries[i] for i in places]
    context = request.asked.context
    match last.filter:
        case "enabled":
            return f"The policy switches off {_some(str(entry.ref) for entry in entries)}."
        case "access":
            return _allowed(request, places)
        case "provider":
            return f"The providers left are {_some(entry.ref.provider for entry in entries)}."
        case "capability":
            wanted = request.asked.needs.capabilities | context.require
            return _lacking([(entry, wanted - entry.capabilities) for entry in entries])
        case "window":
            return _largest(request, entries)
        case "region":
            return f"The regions left are {_some(region for entry in entries for region in entry.regions)}."
        case "privacy":
            return _lacking([(entry, context.privacy - entry.privacy) for entry in entries])
        case "tags":
            return _lacking([(entry, context.tags - entry.tags) for entry in entries])
        case "quality":
            best = max(entries, key=lambda entry: entry.quality)
            return f"The highest quality is {best.quality:g}, at {best.ref}."
        case "price":
            return _cheapest([(entry, request.price(i)) for i, entry in zip(places, entries, strict=True)], "likely")
        case "budget":
            return _cheapest([(entry, worst_price(entry, request.asked.needs)) for entry in entries], "worst")
        case "health":
            raise AssertionError("a model that cannot be reached is moved behind the others, never removed")
        case _:
            assert_never(last.filter)


def _allowed(request: Request, places: list[int]) -> str:
    names = request.asked.allowed_models
    if names is not None and not any(is_named(names, request.book.entries[i]) for i in places):
        return f"The key allows {', '.join(names)}."
    tier = request.asked.context.user_tier or ""
    policy = request.book.policy.user_tiers.get(tier)
    if policy is None:
        return "The key's models and the request's have none in common."
    named = [i for i in places if request.book.tiers[tier] >> i & 1]
    if named and policy.max_price is not None:
        cheapest = _cheapest([(request.book.entries[i], request.price(i)) for i in named], "likely")
        return f"The tier allows at most ${policy.max_price:f}. {cheapest}"
    models, tags = ", ".join(policy.models) or "any model", ", ".join(policy.tags)
    return f"The tier allows {models}{f' with one of the tags {tags}' if tags else ''}."


def _largest(request: Request, entries: list[ModelEntry]) -> str:
    needs = request.asked.needs
    widest = max(entries, key=lambda entry: entry.window or 0)
    if widest.window is None:
        return "No window is known of any of them: name the model that should answer, or say its window in the policy."
    text = f"The largest window is {widest.window:,} tokens, at {widest.ref}."
    room = needs.answer_room
    if room is not None and any(entry.max_output is not None and entry.max_output < room for entry in entries):
        longest = max(entries, key=lambda entry: entry.max_output or 0)
        text += f" The longest answer is {longest.max_output or 0:,} tokens, at {longest.ref}."
    return text


def _lacking(pairs: list[tuple[ModelEntry, frozenset[str]]]) -> str:
    entry, missing = min(pairs, key=lambda pair: len(pair[1]))
    return f"Nearest is {entry.ref}, which lacks {', '.join(sorted(missing))}."


def _cheapest(priced: list[tuple[ModelEntry, Decimal | None]], which: str) -> str:
    known = [(price, entry) for entry, price in priced if price is not None]
    if not known:
        return "No price is known for any of them; the policy can say one under models."
    price, entry = min(known, key=lambda pair: pair[0])
    return f"The lowest {which} price is ${price.normalize():f}, at {entry.ref}."


def _some(names: Iterable[str]) -> str:
    """At most five names, and how many more there are."""
    distinct = sorted(set(names))
    more = f" and {len(distinct) - 5} more" if len(distinct) > 5 else ""
    return ", ".join(distinct[:5]) + more if distinct else "none"
