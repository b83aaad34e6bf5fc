"""What the configured providers offer, and in which list their prices are: the one place that sees presets and catalog."""

from collections.abc import Iterable

from domain.catalog import Offer, offer
from domain.price_lists import FREE, list_of
from providers.presets import Preset, preset_of
from providers.protocol import ProviderConfig

_PLACES = {
    "us-gov": "us-gov",
    "us": "us",
    "eu": "eu",
    "ap": "apac",
    "asia": "apac",
    "australia": "apac",
    "ca": "ca",
    "northamerica": "ca",
    "sa": "sa",
    "southamerica": "sa",
}
"""The geography of a cloud's region, by how the region's name begins (AWS and Google)."""


def offer_of(config: ProviderConfig) -> Offer:
    """What a configured provider offers."""
    preset = preset_of(config.vendor)
    at_home = config.base_url is None or (preset is not None and config.base_url == _home(preset, config))
    return offer(
        config.name,
        own_server=not at_home or (preset is not None and not preset.whole_list),
        simulated=config.simulated,
        address=config.base_url,
        price_list=price_list_of(config),
        place=place_of(config.location),
        # Services add models sooner than any list does.
        takes_any_name=preset is not None,
    )


def price_list_of(config: ProviderConfig) -> str:
    """The list that has a provider's prices: its preset's, whatever it is called here; empty where none has them, or FREE."""
    if config.free:
        return FREE
    preset = preset_of(config.vendor)
    return list_of(config.name) if preset is None else preset.price_list


def price_lists(configs: Iterable[ProviderConfig]) -> dict[str, str]:
    """The list of each provider, by the provider's name."""
    return {config.name: price_list_of(config) for config in configs}


def place_of(location: str) -> str:
    """The geography of a cloud's region (`eu-west-1`, `europe-west4`: `eu`), empty where it is none or all of them."""
    return next((place for begins, place in _PLACES.items() if location.startswith(begins)), "")


def _home(preset: Preset, config: ProviderConfig) -> str | None:
    return preset.base_url.format(location=config.location) if preset.base_url is not None else None
