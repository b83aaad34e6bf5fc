"""What providers list themselves, merged into what the price list and our facts say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from contracts.catalog import DiscoveredModel
from domain.catalog.building import entries_of, entry_for
from domain.catalog.entry import ModelEntry
from domain.catalog.offers import Offer
from domain.catalog.price_list import find

Found = Mapping[str, Sequence[DiscoveredModel]]
"""What each provider listed, by its name."""

_LATEST = ":latest"
"""Ollama's word for a model that was named without a tag."""


def merged(offers: Iterable[Offer], found: Found, on: date | None) -> tuple[ModelEntry, ...]:
    """All entries of the offers, with what their providers list.

    What a provider says of its own model (window, longest answer, capabilities) counts before what we knew; what a simulated one
    has is known. A model that a vendor's own API does not list any more is on its way out.
    """
    return tuple(
        entry for one in offers for entry in _merged(one, entries_of(one, on), found.get(one.provider, ()), on)
    )


def _merged(
    one: Offer, listed: tuple[ModelEntry, ...], found: Sequence[DiscoveredModel], on: date | None
) -> Iterable[ModelEntry]:
    if not found or one.simulated:
        return listed
    entries = {entry.ref.model: entry for entry in listed}
    alive: set[str] = set()
    for model in found:
        known = find(one.list_name, model.name, on)
        if known is not None:
            alive.add(known.name)
        alive.add(model.name)
        entry = entries.get(model.name) or entry_for(one, model.name, on, "discovered")
        entries[model.name] = _told(entry, model)
    if one.vendor:
        return [entry if name in alive else replace(entry, deprecated=True) for name, entry in entries.items()]
    return entries.values()


def _told(entry: ModelEntry, model: DiscoveredModel) -> ModelEntry:
    aliases = (*model.aliases, *((model.name.removesuffix(_LATEST),) if model.name.endswith(_LATEST) else ()))
    return replace(
        entry,
        window=model.window or entry.window,
        max_output=model.max_output or entry.max_output,
        capabilities=(entry.capabilities | model.can) - model.cannot,
        tags=entry.tags | model.tags,
        aliases=tuple(dict.fromkeys((*entry.aliases, *aliases))),
        deprecated=entry.deprecated or model.deprecated,
        guessed=entry.guessed and not (model.can or model.cannot),
    )
