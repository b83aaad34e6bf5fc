"""Who follows the first choice: the policy's chain, or by capability; and never silently dearer."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from contracts.models import ModelRef
from domain.routing.prepared import Prepared
from domain.routing.prices import dollars


def chain_of(book: Prepared, first: ModelRef) -> tuple[ModelRef, ...] | None:
    """The models that the policy has follow `first`, in order, without names that mean none; None where it says nothing."""
    rules = book.policy.routing_rules
    own = next((chain for name, chain in rules.fallback_chains.items() if book.meaning(name) == first), None)
    chain = own if own is not None else rules.fallback_chain or None
    if chain is None:
        return None
    return tuple(ref for name in chain if (ref := book.meaning(name)) is not None and ref != first)


def by_capability(first: str, ranked: Iterable[tuple[str, int]]) -> Iterator[int]:
    """The positions of `ranked` (provider and position, best first) in the order in which they should follow `first`.

    The best of each further provider comes before a second one of a provider that was asked already: what makes one model fail
    most often makes its provider's others fail.
    """
    asked: set[str] = {first}
    later: list[int] = []
    for provider, position in ranked:
        if provider in asked:
            later.append(position)
        else:
            asked.add(provider)
            yield position
    yield from later


def too_dear(first: Decimal | None, price: Decimal | None, multiple: float | None, *, by_name: bool) -> str | None:
    """Why a fallback may not be asked at its price, or None where it may.

    A price that nobody knows is not known to be dearer: such a model follows where the policy names it, and not by itself.
    Nothing can be said of a first choice without a price.
    """
    if multiple is None or first is None:
        return None
    if price is None:
        return None if by_name else "its price is unknown"
    if price <= first * Decimal(str(multiple)):
        return None
    return f"{dollars(price)} is above {multiple:g} times the first choice's {dollars(first)}"
