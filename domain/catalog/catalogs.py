"""The catalogs of a process: one without a policy and one for each policy in use, remade when something changes."""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import date

from contracts.policies import Policy
from domain.catalog.catalog import Catalog
from domain.catalog.discovered import Found, merged
from domain.catalog.offers import Offer
from domain.catalog.overrides import with_policy

_REMEMBERED = 64
"""Policies whose catalogs are kept. Workspaces without a policy of their own share one."""


class Catalogs:
    """Holds what the catalogs are made of: the providers' offers, what they were found to list, and the day, for its prices.

    Whoever has got a catalog keeps it unchanged. `update` may run in another thread than the rest, but not twice at a time.
    """

    def __init__(self, offers: Iterable[Offer], *, allow_unlisted: bool = False, on: date | None = None) -> None:
        self._offers = tuple(offers)
        self._allow_unlisted = allow_unlisted
        self._found: Found = {}
        self._plain = Catalog(self._offers, allow_unlisted=allow_unlisted, on=on)
        self._under: OrderedDict[str, tuple[Catalog, Catalog]] = OrderedDict()

    @property
    def plain(self) -> Catalog:
        """The catalog without a policy."""
        return self._plain

    @property
    def offers(self) -> tuple[Offer, ...]:
        """What the configured providers offer."""
        return self._offers

    def under(self, policy: Policy, version: str) -> Catalog:
        """The catalog under a policy; `version` is the policy's, and the same version gets the same catalog."""
        base = self._plain
        made_of, known = self._under.get(version, (None, None))
        if known is not None and made_of is base:
            self._under.move_to_end(version)
            return known
        entries = base.entries if policy.switches.discovery else merged(self._offers, {}, base.on)
        made = with_policy(entries, policy, offers=self._offers, allow_unlisted=self._allow_unlisted, on=base.on)
        self._under[version] = base, made
        while len(self._under) > _REMEMBERED:
            self._under.popitem(last=False)
        return made

    def update(self, *, found: Found | None = None, on: date | None = None) -> None:
        """Take over what providers list now, or a new day. Nothing happens where both are as they were."""
        listed = self._found if found is None else found
        day = on or self._plain.on
        if listed == self._found and day == self._plain.on:
            return
        made = Catalog(
            self._offers, allow_unlisted=self._allow_unlisted, on=day, entries=merged(self._offers, listed, day)
        )
        self._found, self._plain = listed, made
