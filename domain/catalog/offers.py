"""What each configured provider offers."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from domain import price_lists
from domain.catalog.price_list import listed as rows_of

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
    `price_list` is empty where no list has its prices, and None where the list is called as the provider is. `place` is the
    geography (`eu`) that a cloud was told to process in; empty, it has none.
    """

    provider: str
    models: tuple[str, ...]
    open: bool
    simulated: bool
    local: bool = False
    vendor: bool = False
    price_list: str | None = None
    place: str = ""

    @property
    def list_name(self) -> str:
        """The list that has its prices; empty where none has."""
        return price_lists.list_of(self.provider) if self.price_list is None else self.price_list


def offer(
    provider: str,
    *,
    own_server: bool,
    simulated: bool,
    address: str | None = None,
    price_list: str | None = None,
    place: str = "",
    takes_any_name: bool = False,
) -> Offer:
    """What a provider offers. `own_server`: it is reached at an `address` of the deployment's, so that no list is complete.

    `takes_any_name`: a vendor that takes more names than any list has. `price_list` and `place` as in `Offer`.
    """
    if provider == "sim" and simulated:
        return Offer(provider, SIMULATED_MODELS, open=False, simulated=True, price_list="")
    listed = _names(price_lists.list_of(provider) if price_list is None else price_list, place)
    return Offer(
        provider,
        listed,
        open=not listed or ((own_server or takes_any_name) and not simulated),
        simulated=simulated,
        local=not simulated and is_local(address),
        vendor=not simulated and not own_server,
        price_list=price_list,
        place=place,
    )


def listed_models(provider: str) -> tuple[str, ...]:
    """The models that the price list names for a vendor, without those on their way out; none for a provider it does not know."""
    return _names(price_lists.list_of(provider), "")


@lru_cache
def _names(list_name: str, place: str) -> tuple[str, ...]:
    return tuple(model.name for model in rows_of(list_name, None, place) if not model.deprecated)


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
