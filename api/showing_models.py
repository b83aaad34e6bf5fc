"""Models and providers as the doors show them."""

from typing import Any

from api.standing import Away
from domain.catalog import ModelEntry, Offer, Prices
from storage.discovered import Discovery


def shown_model(entry: ModelEntry) -> dict[str, Any]:
    """A model. Prices are in USD per million tokens, as strings; `window` and `max_output` in tokens."""
    return {
        "id": str(entry.ref),
        "provider": entry.ref.provider,
        "model": entry.ref.model,
        "name": entry.name,
        "window": entry.window,
        "max_output": entry.max_output,
        "capabilities": sorted(entry.capabilities),
        "quality": entry.quality,
        "speed": entry.speed,
        "tags": sorted(entry.tags),
        "aliases": list(entry.aliases),
        "regions": sorted(entry.regions),
        "privacy": sorted(entry.privacy),
        "tokenizer": entry.tokenizer,
        "prices": _shown_prices(entry.prices),
        "chats": entry.chats,
        "simulated": entry.simulated,
        "source": entry.source,
        "deprecated": entry.deprecated,
    }


def shown_provider(offer: Offer, *, models: int, discovery: Discovery | None) -> dict[str, Any]:
    """A provider, with how many models are known of it and what came of asking it for its own list."""
    return {
        "provider": offer.provider,
        "models": models,
        "takes_any_name": offer.open,
        "simulated": offer.simulated,
        "local": offer.local,
        "discovery": _shown_discovery(discovery) if discovery is not None else None,
    }


def shown_away(away: Away) -> dict[str, Any]:
    """What cannot be asked now: a model, or with `model` null all of its provider's."""
    return {
        "provider": away.provider,
        "model": away.model or None,
        "reason": away.reason,
        "until": away.until.isoformat() if away.until is not None else None,
    }


def _shown_prices(prices: Prices | None) -> dict[str, str | None] | None:
    if prices is None:
        return None
    found = {
        "input": prices.input,
        "output": prices.output,
        "cache_read": prices.cache_read,
        "cache_write": prices.cache_write,
        "blended": prices.blended,
    }
    return {name: None if price is None else f"{price.normalize():f}" for name, price in found.items()}


def _shown_discovery(discovery: Discovery) -> dict[str, Any]:
    error = None
    if discovery.error_kind is not None:
        error = {"kind": discovery.error_kind, "message": discovery.error_message}
    return {
        "listed": discovery.models,
        "requested_at": discovery.requested_at,
        "checked_at": discovery.checked_at,
        "found_at": discovery.found_at,
        "pending": discovery.pending,
        "error": error,
    }
