"""What a policy says that a model costs here, laid over the list's prices."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal

from contracts.policies import PriceOverride, VolumeDiscount
from domain.pricing.lists import STANDARD_TIERS
from domain.pricing.rates import Rates

PRICE_NAMES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "input_audio": "input_audio_mtok",
    "output_audio": "output_audio_mtok",
    "output_image": "output_image_mtok",
    "web_searches": "web_searches_kcount",
    "file_searches": "storage_searches_kcount",
}
"""The policy's words for prices, and the list's."""

_RELATED = {
    "input": (
        "input_audio_mtok",
        "input_image_mtok",
        "input_video_mtok",
        "cache_read_mtok",
        "cache_audio_read_mtok",
        "cache_image_read_mtok",
        "cache_video_read_mtok",
        "cache_write_mtok",
        "cache_write_5m_mtok",
        "cache_write_1h_mtok",
    ),
    "cache_read": ("cache_audio_read_mtok", "cache_image_read_mtok", "cache_video_read_mtok"),
    "cache_write": ("cache_write_5m_mtok",),
    "output": ("output_audio_mtok", "output_image_mtok", "output_reasoning_mtok", "output_citation_mtok"),
}
"""The list's finer prices that a model of price zero has no longer: free input is free in every medium."""


def in_force(overrides: Iterable[PriceOverride], *, at: datetime, tier: str = "") -> PriceOverride | None:
    """The last override that holds on the day of `at` (UTC) for what was served in `tier`."""
    day = at.astimezone(UTC).date()
    return next((one for one in reversed(tuple(overrides)) if _holds(one, day) and _meant(one, tier)), None)


def laid_over(rates: Rates | None, said: PriceOverride) -> Rates | None:
    """The list's rates under an override; None where neither says what a token costs."""
    own = {PRICE_NAMES[name]: price for name in PRICE_NAMES if (price := getattr(said, name)) is not None}
    if rates is not None and said.discount:
        rates = rates.times(1 - said.discount, f"less {_percent(said.discount)}")
    if not own:
        return rates
    for name in PRICE_NAMES:
        if getattr(said, name) == 0:
            own |= {finer: Decimal(0) for finer in _RELATED.get(name, ()) if finer not in own}
    source = f"policy{_days(said)}"
    if rates is None:
        return Rates(own, source)
    return rates.with_prices(own, f"{source} over {rates.source}")


def volume_discount(steps: Iterable[VolumeDiscount], used: int) -> Decimal:
    """The share that is taken off after `used` tokens in the month: that of the highest step passed."""
    passed = [step for step in steps if used >= step.above]
    return max(passed, key=lambda step: step.above).discount if passed else Decimal(0)


def discounted(rates: Rates, discount: Decimal) -> Rates:
    """The rates less a volume discount."""
    return rates.times(1 - discount, f"less {_percent(discount)} for volume") if discount else rates


def _holds(said: PriceOverride, day: date) -> bool:
    return (said.since is None or said.since <= day) and (said.until is None or day < said.until)


def _meant(said: PriceOverride, tier: str) -> bool:
    if said.tier is None:
        return True
    return said.tier.lower() == tier.lower() or {said.tier.lower(), tier.lower()} <= STANDARD_TIERS


def _days(said: PriceOverride) -> str:
    since = f" from {said.since}" if said.since else ""
    until = f" until {said.until}" if said.until else ""
    tier = f" for {said.tier}" if said.tier else ""
    return since + until + tier


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"
