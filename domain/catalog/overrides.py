"""What a policy says of models, laid over what is known of them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

from contracts.models import ModelRef
from contracts.policies import ModelPolicy, Policy, PriceOverride
from domain.catalog.catalog import Catalog
from domain.catalog.entry import ModelEntry, Prices
from domain.catalog.offers import Offer
from domain.pricing.overrides import in_force


def with_policy(
    entries: Iterable[ModelEntry],
    policy: Policy,
    *,
    offers: Iterable[Offer] = (),
    allow_unlisted: bool = False,
    on: date | None = None,
) -> Catalog:
    """The catalog of `entries` under a policy.

    Models that the policy switches off are left out. Its aliases and tags are added, and its aliases count before every other
    name; regions, privacy, tiers, window, longest answer, capabilities and prices take the place of what was known. A model
    that only the policy names, at a provider that is there, is added (`configured`); its names that mean nothing here are in the
    catalog's `unmatched`. Without `offers` the providers are those of the entries, and only their models can be asked for.
    """
    known = tuple(entries)
    given = tuple(offers) or _offers_of(known)
    base = Catalog(given, allow_unlisted=allow_unlisted, on=on, entries=known)
    changed = {entry.ref: entry for entry in known}
    aliases: dict[str, ModelRef] = {}
    disabled: set[ModelRef] = set()
    unmatched: list[str] = []
    for name, said in policy.models.items():
        ref = _meant(base, name)
        if ref is None:
            unmatched.append(name)
        elif not said.enabled:
            disabled.add(ref)
            changed.pop(ref, None)
        else:
            entry = changed.get(ref) or replace(base.entry(ref), source="configured")
            changed[ref] = overridden(entry, said, on=on)
            aliases |= dict.fromkeys(said.aliases, ref)
    return Catalog(
        given,
        allow_unlisted=allow_unlisted,
        on=on,
        entries=changed.values(),
        aliases={alias: ref for alias, ref in aliases.items() if ref not in disabled},
        disabled=disabled,
        unmatched=tuple(unmatched),
    )


def overridden(entry: ModelEntry, said: ModelPolicy, *, on: date | None = None) -> ModelEntry:
    """An entry with what a policy says of it; what it does not say stays. Prices are those of the day `on` (None: the last)."""
    added = {capability for capability, has in said.capabilities.items() if has}
    taken = {capability for capability, has in said.capabilities.items() if not has}
    return replace(
        entry,
        window=said.window or entry.window,
        max_output=said.max_output or entry.max_output,
        capabilities=(entry.capabilities | added) - taken,
        quality=entry.quality if said.quality is None else said.quality,
        speed=entry.speed if said.speed is None else said.speed,
        tags=entry.tags | set(said.tags),
        aliases=tuple(dict.fromkeys((*said.aliases, *entry.aliases))),
        regions=frozenset(said.regions) or entry.regions,
        privacy=frozenset(said.privacy) or entry.privacy,
        prices=_priced(entry.prices, _of_the_day(said, on)),
    )


def _meant(base: Catalog, name: str) -> ModelRef | None:
    if base.knows(name):
        return base.resolve(name)
    provider, colon, model = name.partition(":")
    return ModelRef(provider=provider, model=model) if colon and model.strip() and provider in base.offers else None


def _of_the_day(said: ModelPolicy, on: date | None) -> PriceOverride | None:
    given = (*(() if said.price is None else (said.price,)), *said.prices)
    return in_force(given, at=datetime.combine(on or date.max, time(12), UTC))


def _priced(prices: Prices | None, said: PriceOverride | None) -> Prices | None:
    if said is None:
        return prices
    known = prices or Prices()
    left = 1 - (said.discount or 0)
    return Prices(
        input=_own(said.input, known.input, left),
        output=_own(said.output, known.output, left),
        cache_read=_own(said.cache_read, known.cache_read, left),
        cache_write=_own(said.cache_write, known.cache_write, left),
    )


def _own(said: Decimal | None, listed: Decimal | None, left: Decimal | int) -> Decimal | None:
    return said if said is not None or listed is None else listed * left


def _offers_of(entries: Iterable[ModelEntry]) -> tuple[Offer, ...]:
    models: dict[str, list[ModelEntry]] = {}
    for entry in entries:
        models.setdefault(entry.ref.provider, []).append(entry)
    return tuple(
        Offer(
            provider, tuple(one.ref.model for one in found), open=False, simulated=all(one.simulated for one in found)
        )
        for provider, found in models.items()
    )
