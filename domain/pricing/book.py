"""The book of prices of a deployment: the list, what its policy lays over it, and what is free."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase

from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef
from contracts.policies import Policy, PriceOverride, PriceRules, VolumeDiscount
from contracts.usage import Cost, Usage
from domain.price_lists import FREE, list_of
from domain.pricing.charging import charge
from domain.pricing.lists import listed_rates, price_list_version
from domain.pricing.overrides import discounted, in_force, laid_over, volume_discount
from domain.pricing.rates import Rates, Served
from domain.pricing.simulated import SIMULATED_MODEL_PREFIX, SIMULATED_PRICES
from domain.pricing.surcharges import billed, with_surcharges


@dataclass(frozen=True, slots=True)
class PriceBook:
    """How calls are priced under one policy.

    `lists` gives the price list's word for each provider, empty where it has none; one that is not there is called as it is.
    `overrides` are by `provider:model`, or by the model's own name at any provider; a later one goes before those before it.
    """

    rules: PriceRules = field(default_factory=PriceRules)
    overrides: Mapping[str, tuple[PriceOverride, ...]] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)

    def price(
        self,
        usage: Usage,
        model: ModelRef,
        *,
        at: datetime,
        served_model: str | None = None,
        tier: str | None = None,
        month_tokens: int = 0,
    ) -> Cost:
        """What a call costs: at the prices of the day `at`, of the model and the service tier that served.

        `month_tokens` are those used of the model before, in the calendar month, for volume discounts. A model without a price
        costs what its provider states, else zero with `priced` False.
        """
        tier = tier or ""
        if free := self._free(model):
            return Cost(price_source=free, stated=usage.stated_cost)
        known_as = self._list(model.provider)
        names = tuple(dict.fromkeys(name for name in (served_model, model.model) if name))
        rates = self._rates(model, names, known_as, tier, usage.speed, at=at, input_tokens=usage.input)
        if rates is None:
            return self._unknown(model, usage)
        rates = with_surcharges(rates, usage, known_as=known_as, model=names[0])
        rates = discounted(rates, volume_discount(self.volume_of(model), month_tokens))
        cost = charge(billed(usage, known_as=known_as, model=names[0]), rates)
        if self.rules.stated == "charged":
            return _stated(cost, usage.stated_cost, computed=cost.total)
        return cost

    def rates(self, model: ModelRef, *, at: datetime, input_tokens: int, tier: str = "") -> Rates | None:
        """Unit prices before a call, for a prompt of `input_tokens`; None where no price is known. A free model's are zero."""
        if free := self._free(model):
            return Rates({"input_mtok": Decimal(0), "output_mtok": Decimal(0)}, free)
        return self._rates(
            model, (model.model,), self._list(model.provider), tier, "", at=at, input_tokens=input_tokens
        )

    def require(self, model: ModelRef, *, at: datetime) -> None:
        """Raises PerdureError (`access_denied`) where the policy forbids calls without a price and the model has none."""
        if self.rules.unknown == "error" and self.rates(model, at=at, input_tokens=0) is None:
            raise PerdureError(
                ErrorKind.ACCESS_DENIED,
                f"{model} has no known price, and the policy forbids calls without one. Give it a price under "
                f"models.{model}.price, list it under pricing.free, or set pricing.unknown to zero.",
            )

    def volume_of(self, model: ModelRef) -> tuple[VolumeDiscount, ...]:
        """The model's volume discounts: those of the first name that means it."""
        return next((steps for name, steps in self.rules.volume.items() if fnmatchcase(str(model), name)), ())

    def _rates(
        self,
        model: ModelRef,
        names: tuple[str, ...],
        known_as: str,
        tier: str,
        speed: str,
        *,
        at: datetime,
        input_tokens: int,
    ) -> Rates | None:
        if model.model.startswith(SIMULATED_MODEL_PREFIX):
            rates: Rates | None = Rates(SIMULATED_PRICES, "simulator")
        else:
            found = (
                listed_rates(known_as, Served(name, tier, speed), at=at, input_tokens=input_tokens) for name in names
            )
            rates = next((one for one in found if one is not None), None)
        given = self.overrides.get(str(model)) or self.overrides.get(model.model, ())
        said = in_force(given, at=at, tier=tier)
        return rates if said is None else laid_over(rates, said)

    def _list(self, provider: str) -> str:
        known_as = self.lists.get(provider)
        return list_of(provider) if known_as is None else known_as

    def _free(self, model: ModelRef) -> str:
        """Who says that the model costs nothing; empty where nobody does."""
        if any(fnmatchcase(str(model), name) for name in self.rules.free):
            return "free by policy"
        return "free by configuration" if self.lists.get(model.provider) == FREE else ""

    def _unknown(self, model: ModelRef, usage: Usage) -> Cost:
        cost = Cost(priced=False, price_source=f"{price_list_version()}: no price for {model}")
        return _stated(cost, usage.stated_cost, computed=None)


STANDARD = PriceBook()
"""The list's prices, with nothing laid over them."""


def book_of(policy: Policy, *, lists: Mapping[str, str] | None = None) -> PriceBook:
    """The book of a policy. `lists` is the price list's word for each provider."""
    overrides = {}
    for name, said in policy.models.items():
        given = (*(() if said.price is None else (said.price,)), *said.prices)
        if given:
            overrides[name] = given
    return PriceBook(rules=policy.pricing, overrides=overrides, lists=lists or {})


def _stated(cost: Cost, stated: Decimal | None, *, computed: Decimal | None) -> Cost:
    """The cost with the provider's own charge in the place of ours."""
    if stated is None:
        return cost
    return cost.model_copy(
        update={
            "total": stated,
            "priced": True,
            "parts": {"stated": stated},
            "unpriced": (),
            "price_source": f"stated by the provider ({cost.price_source})",
            "stated": stated,
            "computed": computed,
        }
    )
