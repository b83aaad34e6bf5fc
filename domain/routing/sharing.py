"""Who takes turns, or shares the load."""

from collections.abc import Sequence

from domain.routing.prepared import named_by_rules
from domain.routing.request import Request


def pool_of(request: Request, order: Sequence[int]) -> list[int]:
    """The positions that take turns, in the catalog's order.

    Those that the caller named, else those of `order` that the policy's rules name, else the best `max_candidates` of it.
    """
    if request.asked.models:
        return sorted(order)
    rules, book = request.book.policy.routing_rules, request.book
    named = {book.position(ref) for ref in named_by_rules(book.catalog, rules)}
    return sorted([one for one in order if one in named] or order[: rules.max_candidates])


def rotated(pool: list[int], turn: int) -> list[int]:
    """The pool from the one whose turn it is."""
    start = turn % len(pool) if pool else 0
    return pool[start:] + pool[:start]


def in_flight(request: Request) -> dict[int, int]:
    """Calls that are being answered now, by position; those that are absent answer none."""
    return {at: one.in_flight for at, one in request.measured.items() if one.in_flight}
