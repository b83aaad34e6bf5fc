"""What each configured provider offers."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from domain.catalog import price_list

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
    """What one configured provider offers. `open`: any model name is passed on, since only its server knows them.

    `local`: its server is in the deployment's own network. `vendor`: it is the vendor's own API, whose list of models is whole.
    """

    provider: str
    models: tuple[str, ...]
    open: bool
    simulated: bool
    local: bool = False
    vendor: bool = False


def offer(provider: str, *, own_server: bool, simulated: bool, address: str | None = None) -> Offer:
    """What a provider offers. `own_server`: it is reached at an `address` of the deployment's, so that no list is complete."""
    if provider == "sim" and simulated:
        return Offer(provider, SIMULATED_MODELS, open=False, simulated=True)
    listed = listed_models(provider)
    return Offer(
        provider,
        listed,
        open=not listed or (own_server and not simulated),
        simulated=simulated,
        local=not simulated and is_local(address),
        vendor=not simulated and not own_server,
    )


@lru_cache
def listed_models(provider: str) -> tuple[str, ...]:
    """The models that the price list names for a vendor, without those on their way out; none for a provider it does not know."""
    return price_list.names(price_list.listed(provider, None))


def is_local(address: str | None) -> bool:
    """Whether a URL's host is this machine or in a private network, told from the address alone."""
    host = urlsplit(address).hostname if address else None
    if not host:
        return False
    try:
        found = ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost"))
    return found.is_private or found.is_loopback or found.is_link_local
