"""Which models can be asked for, by which names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache

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

_REMEMBERED = 4096
_LONGEST_NAME = 300


@dataclass(frozen=True, slots=True)
class Offer:
    """What one configured provider offers. `open`: any model name is passed on, since only its server knows them."""

    provider: str
    models: tuple[str, ...]
    open: bool
    simulated: bool


def offer(provider: str, *, own_server: bool, simulated: bool) -> Offer:
    """What a provider offers. `own_server`: it is reached at an address of the deployment's, so that no list is complete."""
    if provider == "sim" and simulated:
        return Offer(provider, SIMULATED_MODELS, open=False, simulated=True)
    listed = listed_models(provider)
    return Offer(provider, listed, open=not listed or (own_server and not simulated), simulated=simulated)


@lru_cache
def listed_models(provider: str) -> tuple[str, ...]:
    """The models that the price list (`genai-prices`) names for a vendor; none for a provider that it does not know.

    The list also prices other vendors' models where a vendor's cloud resells them; its own API does not serve those.
    """
    from genai_prices.data_snapshot import get_snapshot

    makers = [one for one in get_snapshot().providers if one.model_match is not None]
    found = next((one for one in get_snapshot().providers if one.id == provider), None)
    if found is None:
        return ()
    others = [one.model_match for one in makers if one.id != provider] if found in makers else []
    return tuple(
        model.id
        for model in found.models
        if not model.deprecated and not any(match is not None and match.is_match(model.id) for match in others)
    )


class Catalog:
    """The models of the configured providers. For a bare name the providers are asked in the order given."""

    def __init__(self, offers: Iterable[Offer], *, allow_unlisted: bool = False) -> None:
        self._offers: Mapping[str, Offer] = {one.provider: one for one in offers}
        self._allow_unlisted = allow_unlisted
        self._found = lru_cache(_REMEMBERED)(self._find)

    @cached_property
    def models(self) -> tuple[ModelRef, ...]:
        """Every model that is known by name."""
        return tuple(
            ModelRef(provider=one.provider, model=model) for one in self._offers.values() for model in one.models
        )

    def simulated(self, provider: str) -> bool:
        """No real model answers for this provider."""
        return provider in self._offers and self._offers[provider].simulated

    def resolve(self, name: str, *, field: str = "model") -> ModelRef:
        """The model that `provider:model`, or a model's bare name, means. Dated versions and aliases are known as well.

        Raises `not_found` with the nearest names, naming the request's `field`.
        """
        found = self._found(name) if len(name) <= _LONGEST_NAME else None
        if found is None:
            raise self._unknown(name[:_LONGEST_NAME], field)
        return found

    def _find(self, name: str) -> ModelRef | None:
        provider, colon, model = name.partition(":")
        if colon and provider in self._offers:
            one = self._offers[provider]
            taken = bool(model.strip()) and (one.open or self._allow_unlisted or _takes(one, model))
            return ModelRef(provider=provider, model=model) if taken else None
        for one in self._offers.values():
            if _takes(one, name):
                return ModelRef(provider=one.provider, model=name)
        return None

    @cached_property
    def _names(self) -> dict[str, str]:
        bare: dict[str, str] = {}
        for ref in self.models:
            bare.setdefault(ref.model, str(ref))
        return {str(ref): str(ref) for ref in self.models} | bare

    def _unknown(self, name: str, field: str) -> PerdureError:
        matches = get_close_matches(name, self._names, n=6, cutoff=0.5)
        near = list(dict.fromkeys(self._names[match] for match in matches))[:3]
        if near:
            hint = f"Did you mean {', '.join(near)}?"
        elif self._offers:
            hint = f"Configured providers: {', '.join(self._offers)}; /v1/models lists their models."
        else:
            hint = "No provider is configured: set a provider's key."
        return PerdureError(ErrorKind.NOT_FOUND, f"There is no model {name!r}. {hint}", field=field)


def _takes(one: Offer, model: str) -> bool:
    if model in one.models or (one.simulated and model.startswith("sim-")):
        return True
    return bool(one.models) and _known_by_pattern(one.provider, model)


def _known_by_pattern(provider: str, model: str) -> bool:
    """Dated versions and aliases, which the price list knows by pattern rather than by name."""
    from genai_prices.data_snapshot import get_snapshot

    try:
        get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        return False
    return True
