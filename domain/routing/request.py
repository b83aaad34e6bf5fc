"""A request at the moment of planning."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from contracts.health import Measured
from domain.routing.asking import Asked, Situation
from domain.routing.prepared import Prepared
from domain.routing.prices import likely_price


@dataclass(frozen=True, slots=True)
class Request:
    """A request with the models that it is planned over. `among` are those that may answer at all, before any filter.

    `measured` is what the situation says of each of them, by position.
    """

    book: Prepared
    among: int
    asked: Asked
    situation: Situation
    measured: Mapping[int, Measured]

    @classmethod
    def over(cls, book: Prepared, among: int, asked: Asked, situation: Situation) -> "Request":
        """The request over these models of a catalog."""
        return cls(book, among, asked, situation, _placed(book, situation))

    def cached(self, position: int) -> int:
        """Prompt tokens that the model at `position` holds in its cache."""
        sticky = self.situation.sticky
        if sticky is None or self.book.position(sticky.model) != position:
            return 0
        return sticky.cached_tokens

    def price(self, position: int) -> Decimal | None:
        """The likely price at the model at `position`, in USD."""
        return likely_price(self.book.entries[position], self.asked.needs, cached_tokens=self.cached(position))


def _placed(book: Prepared, situation: Situation) -> Mapping[int, Measured]:
    measured = situation.measured
    if len(measured) <= len(book.entries):
        found = ((book.position(ref), one) for ref, one in measured.items())
        return {position: one for position, one in found if position is not None}
    return {position: measured[one.ref] for position, one in enumerate(book.entries) if one.ref in measured}
