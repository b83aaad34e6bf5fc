"""From the price list and our own facts to entries."""

from datetime import date
from functools import lru_cache

from contracts.models import ModelRef
from contracts.routing import Capability
from domain.catalog import guesses, price_list
from domain.catalog.entry import ModelEntry, Prices, Source
from domain.catalog.facts import ProviderFacts, bare_name, facts, family_of, other_work
from domain.catalog.offers import Offer
from domain.catalog.price_list import Listed
from domain.price_lists import FREE
from domain.pricing import SIMULATED_MODEL_PREFIX, SIMULATED_PRICES

_LOCAL = frozenset({"local"})
_KEPT_LOCAL = frozenset({"local", "no_training"})
_SIMULATED = Prices(
    input=SIMULATED_PRICES["input_mtok"],
    output=SIMULATED_PRICES["output_mtok"],
    cache_read=SIMULATED_PRICES["cache_read_mtok"],
    cache_write=SIMULATED_PRICES["input_mtok"],
)


@lru_cache(maxsize=64)
def entries_of(offer: Offer, on: date | None) -> tuple[ModelEntry, ...]:
    """All models of an offer, those on their way out too, at the prices of the day `on` (None: the last that are known)."""
    listed = {one.name: one for one in price_list.listed(offer.list_name, on, offer.place)}
    names = dict.fromkeys((*offer.models, *listed)) if offer.models else ()
    return tuple(_entry(offer, name, listed.get(name), "listed") for name in names)


def entry_for(offer: Offer, name: str, on: date | None, source: Source = "listed") -> ModelEntry:
    """The entry of a model that no list has by this name: a dated version or alias counts as what the price list knows it as."""
    return _entry(offer, name, price_list.find(offer.list_name, name, on), source)


def _entry(offer: Offer, name: str, listed: Listed | None, source: Source) -> ModelEntry:
    # The listed name says more than an alias of it; a fine-tune's own name says nothing.
    family = family_of(name) or (family_of(listed.name) if listed else None)
    prices = _prices(offer, name, listed)
    window = (listed.window if listed else None) or (family.window if family else None)
    work = other_work(name)
    tags = work | (family.tags if family and not work else frozenset()) | _told_by(name, prices)
    if family is not None:
        quality, speed, can = family.quality, family.speed, family.can
    else:
        quality, speed = guesses.quality_and_speed(name, prices.output if prices else None)
        can = guesses.capabilities(window)
    place = facts().providers.get(offer.list_name or offer.provider, ProviderFacts())
    return ModelEntry(
        ref=ModelRef(provider=offer.provider, model=name),
        name=_title(name, listed),
        window=window,
        max_output=family.max_output if family and not work else None,
        capabilities=frozenset[Capability]() if work else can - place.lacks,
        quality=quality,
        speed=speed,
        tags=tags,
        aliases=facts().aliases.get(bare_name(name), ()),
        regions=_LOCAL if offer.local else frozenset({offer.place}) if offer.place else place.regions,
        privacy=_KEPT_LOCAL if offer.local else place.privacy,
        tokenizer=family.tokenizer if family else "unknown",
        prices=prices,
        simulated=offer.simulated,
        source=source,
        deprecated=listed.deprecated if listed else False,
        guessed=family is None and not work,
    )


def _prices(offer: Offer, name: str, listed: Listed | None) -> Prices | None:
    if name.startswith(SIMULATED_MODEL_PREFIX):
        return _SIMULATED
    if offer.price_list == FREE:
        return price_list.FREE_PRICES
    return listed.prices if listed else None


def _title(name: str, listed: Listed | None) -> str:
    return listed.title if listed is not None and listed.name == name else name


def _told_by(name: str, prices: Prices | None) -> frozenset[str]:
    told = set()
    if name.endswith(":free") or (prices is not None and prices.input == 0 and prices.output == 0):
        told.add("free")
    if any(word in name.lower() for word in ("preview", "-exp", "beta")):
        told.add("preview")
    return frozenset(told)
