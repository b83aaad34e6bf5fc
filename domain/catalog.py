"""Which models can be asked for, by which names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef

SIMULATED_MODELS = (
    "sim-fast",
    "sim-echo",
    "sim-slow",
    "sim-long",
    "sim-reasoning",
    "sim-tools",
    "sim-flaky",
    "sim-down",
    "sim-limited",
    "sim-cut",
    "sim-stall",
    "sim-refuse",
    "sim-overflow",
    "sim-auth",
)
"""The simulator's own models; each behaves as its name says. Further `sim-` names are accepted."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one configured provider offers. `open`: any model name is passed on, since only its server knows them."""

    provider: str
    models: tuple[str, ...]
    open: bool
    simulated: bool


def listed_models(provider: str) -> tuple[str, ...]:
    """The models that the price list names for a vendor; none for a provider that it does not know."""
    from genai_prices.data_snapshot import get_snapshot

    found = next((one for one in get_snapshot().providers if one.id == provider), None)
    return () if found is None else tuple(model.id for model in found.models if not model.deprecated)


class Catalog:
    """The models of the configured providers. Providers are asked in the order given."""

    def __init__(self, offers: Iterable[Offer], *, allow_unlisted: bool = False) -> None:
        self._offers: Mapping[str, Offer] = {offer.provider: offer for offer in offers}
        self._allow_unlisted = allow_unlisted

    @cached_property
    def models(self) -> tuple[ModelRef, ...]:
        """Every model that is known by name."""
        return tuple(
            ModelRef(provider=offer.provider, model=model) for offer in self._offers.values() for model in offer.models
        )

    @cached_property
    def _owners(self) -> dict[str, ModelRef]:
        owners: dict[str, ModelRef] = {}
        for ref in self.models:
            owners.setdefault(ref.model, ref)
        return owners

    def simulated(self, provider: str) -> bool:
        """No real model answers for this provider."""
        return provider in self._offers and self._offers[provider].simulated

    def resolve(self, name: str, *, field: str = "model") -> ModelRef:
        """The model that `provider:model`, or a model's bare name, means.

        Raises `not_found` with the nearest names, naming the request's `field`.
        """
        provider, colon, model = name.partition(":")
        if colon and provider in self._offers:
            return self._of_provider(self._offers[provider], model, field)
        if (owner := self._owner(name)) is not None:
            return owner
        raise self._unknown(name, field)

    def _owner(self, name: str) -> ModelRef | None:
        if name in self._owners:
            return self._owners[name]
        return next(
            (
                ModelRef(provider=offer.provider, model=name)
                for offer in self._offers.values()
                if self._takes(offer, name) and not offer.open
            ),
            None,
        )

    def _of_provider(self, offer: Offer, model: str, field: str) -> ModelRef:
        if model and (offer.open or self._allow_unlisted or self._takes(offer, model)):
            return ModelRef(provider=offer.provider, model=model)
        raise self._unknown(f"{offer.provider}:{model}", field)

    def _takes(self, offer: Offer, model: str) -> bool:
        if model in offer.models or (offer.simulated and model.startswith("sim-")):
            return True
        return _known_by_pattern(offer.provider, model)

    def _unknown(self, name: str, field: str) -> PerdureError:
        whole = {str(ref): str(ref) for ref in self.models} | {ref.model: str(ref) for ref in self.models}
        near = list(dict.fromkeys(whole[match] for match in get_close_matches(name, whole, n=6, cutoff=0.5)))[:3]
        if near:
            hint = f"Did you mean {', '.join(near)}?"
        elif self._offers:
            hint = f"Configured providers: {', '.join(self._offers)}."
        else:
            hint = "No provider is configured: set a provider's key."
        return PerdureError(ErrorKind.NOT_FOUND, f"There is no model {name[:200]!r}. {hint}", field=field)


def _known_by_pattern(provider: str, model: str) -> bool:
    """Dated versions and aliases, which the price list knows by pattern rather than by name."""
    from genai_prices.data_snapshot import get_snapshot

    if not model or not listed_models(provider):
        return False
    try:
        get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        return False
    return True
