"""What a unit costs, and what served."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Served:
    """What answered: the model by the vendor's name, the service tier and the speed by the vendor's words, empty where none."""

    model: str
    tier: str = ""
    speed: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """Unit prices in USD, by the price list's names: `_mtok` per million tokens, `_kcount` per thousand calls.

    `source` names the list with its version, and whatever was laid over it.
    """

    prices: Mapping[str, Decimal]
    source: str

    def first(self, *names: str) -> tuple[str, Decimal] | None:
        """The first of `names` that has a price, and the price."""
        return next(((name, self.prices[name]) for name in names if name in self.prices), None)

    def with_prices(self, prices: Mapping[str, Decimal], source: str) -> "Rates":
        """These rates with `prices` in the place of theirs."""
        return Rates({**self.prices, **prices}, source)

    def times(self, factor: Decimal, why: str) -> "Rates":
        """Every rate times `factor`; `why` is added to the source."""
        return replace(
            self,
            prices={name: price * factor for name, price in self.prices.items()},
            source=f"{self.source}, {why}",
        )

    def token_rates_times(self, factor: Decimal, why: str) -> "Rates":
        """The rates of tokens alone times `factor`; calls of tools keep theirs."""
        return replace(
            self,
            prices={name: price * factor if name.endswith("_mtok") else price for name, price in self.prices.items()},
            source=f"{self.source}, {why}",
        )
