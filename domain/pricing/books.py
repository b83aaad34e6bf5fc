"""The books of the policies that are in force, each made once."""

from collections import OrderedDict
from collections.abc import Mapping

from contracts.policies import VersionedPolicy
from domain.pricing.book import PriceBook, book_of

_REMEMBERED = 64


class PriceBooks:
    """Gives the book of a policy. `lists` is the price list's word for each provider; see `PriceBook`."""

    def __init__(self, lists: Mapping[str, str]) -> None:
        self.lists = lists
        self._books: OrderedDict[str, PriceBook] = OrderedDict()

    def under(self, policy: VersionedPolicy) -> PriceBook:
        """The prices under `policy`; the same book for the same version."""
        book = self._books.pop(policy.version, None)
        if book is None:
            book = book_of(policy.policy, lists=self.lists)
        self._books[policy.version] = book
        while len(self._books) > _REMEMBERED:
            self._books.popitem(last=False)
        return book
