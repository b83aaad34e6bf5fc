"""Which models can be asked for, by which names, and what is known of each. Immutable: a change makes another catalog."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from functools import cached_property, lru_cache

from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef
from domain.catalog import price_list
from domain.catalog.building import entries_of, entry_for
from domain.catalog.entry import ModelEntry
from domain.catalog.offers import Offer
from domain.catalog.query import ModelQuery, searchable
from domain.pricing import SIMULATED_MODEL_PREFIX

_REMEMBERED = 4096
_LONGEST_NAME = 300


class Catalog:
    """The models of the configured providers. For a bare name the providers are asked in the order given."""

    def __init__(
        self,
        offers: Iterable[Offer],
        *,
        allow_unlisted: bool = False,
        on: date | None = None,
        entries: Iterable[ModelEntry] | None = None,
        aliases: Mapping[str, ModelRef] | None = None,
        disabled: Iterable[ModelRef] = (),
        unmatched: tuple[str, ...] = (),
    ) -> None:
        """`entries` None: those of the price list, on the day `on` (None: at the last prices that are known).

        `aliases` are names that the policy gives, which count before all others; `disabled` are models that it switches off, and
        `unmatched` are its names that mean no model here.
        """
        self.offers: Mapping[str, Offer] = {one.provider: one for one in offers}
        self.allow_unlisted = allow_unlisted
        self.on = on
        self.unmatched = unmatched
        self._given = None if entries is None else tuple(entries)
        self._policy_aliases = dict(aliases or {})
        self._disabled = frozenset(disabled)
        self._found = lru_cache(_REMEMBERED)(self._find)
        self._made = lru_cache(_REMEMBERED)(self._make)

    @cached_property
    def entries(self) -> tuple[ModelEntry, ...]:
        """Every model that is known by name, those on their way out too."""
        if self._given is not None:
            return self._given
        return tuple(entry for one in self.offers.values() for entry in entries_of(one, self.on))

    @cached_property
    def models(self) -> tuple[ModelRef, ...]:
        """Every model that is known by name and not on its way out."""
        return tuple(entry.ref for entry in self.entries if not entry.deprecated)

    def entry(self, ref: ModelRef) -> ModelEntry:
        """What is known of a model, which need not be listed: a dated version counts as what it is a version of, and a model
        that nobody knows gets neutral facts.
        """
        return self._by_ref.get(ref) or self._made(ref)

    def query(self, query: ModelQuery) -> tuple[ModelEntry, ...]:
        """The models that are as asked, in the catalog's order."""
        named: Iterable[ModelEntry] = self.entries
        for word in query.text.lower().split():
            named = [entry for entry in named if word in self._searchable[id(entry)]]
        return tuple(query.among(named))

    def simulated(self, provider: str) -> bool:
        """No real model answers for this provider."""
        return provider in self.offers and self.offers[provider].simulated

    def resolve(self, name: str, *, field: str = "model") -> ModelRef:
        """The model that `provider:model`, a bare name or an alias means. Dated versions are known as well.

        Raises `not_found` with the nearest names, naming the request's `field`.
        """
        found = self.meaning(name)
        if found is None:
            raise self._unknown(name[:_LONGEST_NAME], field)
        if self.switched_off(found):
            message = f"The policy has switched {found} off. /v1/models lists what can be asked for."
            raise PerdureError(ErrorKind.NOT_FOUND, message, field=field)
        return found

    def meaning(self, name: str) -> ModelRef | None:
        """The model that `resolve` would find, switched off or not; None where it would find none."""
        return self._found(name) if len(name) <= _LONGEST_NAME else None

    def knows(self, name: str) -> bool:
        """Whether `resolve` would find a model, switched off or not."""
        return self.meaning(name) is not None

    def switched_off(self, ref: ModelRef) -> bool:
        """Whether the policy switches the model off, or what it is a version of."""
        if not self._disabled or ref in self._by_ref:
            return False
        return ref in self._disabled or self._version_of(ref) in self._disabled

    @cached_property
    def _by_ref(self) -> dict[ModelRef, ModelEntry]:
        return {entry.ref: entry for entry in self.entries}

    @cached_property
    def _searchable(self) -> dict[int, str]:
        # By identity, since the entries live as long as this does and to hash a thousand names takes a millisecond.
        return {id(entry): searchable(entry) for entry in self.entries}

    @cached_property
    def _bare(self) -> dict[str, ModelRef]:
        """Bare names; of a name that several providers have, the first that is not on its way out."""
        found: dict[str, ModelRef] = {}
        for entry in sorted(self.entries, key=lambda entry: entry.deprecated):
            found.setdefault(entry.ref.model, entry.ref)
        return found

    @cached_property
    def _aliases(self) -> dict[str, ModelRef]:
        """Aliases, bare and with their provider."""
        found = dict(self._policy_aliases)
        for entry in self.entries:
            for alias in entry.aliases:
                found.setdefault(alias, entry.ref)
                found.setdefault(f"{entry.ref.provider}:{alias}", entry.ref)
        return found

    def _find(self, name: str) -> ModelRef | None:
        if name in self._policy_aliases:
            return self._policy_aliases[name]
        provider, colon, model = name.partition(":")
        if colon and provider in self.offers:
            return self._find_at(self.offers[provider], model)
        if name in self._bare:
            return self._bare[name]
        if name in self._aliases:
            return self._aliases[name]
        for one in self.offers.values():
            if _takes(one, name):
                return ModelRef(provider=one.provider, model=name)
        return None

    def _find_at(self, one: Offer, model: str) -> ModelRef | None:
        if not model.strip():
            return None
        ref = ModelRef(provider=one.provider, model=model)
        if ref in self._by_ref or ref in self._disabled:
            return ref
        if (meant := self._aliases.get(str(ref))) is not None:
            return meant
        return ref if one.open or self.allow_unlisted or _takes(one, model) else None

    def _version_of(self, ref: ModelRef) -> ModelRef | None:
        one = self.offers.get(ref.provider)
        listed = price_list.find(one.list_name, ref.model, self.on) if one is not None else None
        return None if listed is None else ModelRef(provider=ref.provider, model=listed.name)

    def _make(self, ref: ModelRef) -> ModelEntry:
        known = self._version_of(ref)
        if known is not None and known in self._by_ref:
            return replace(self._by_ref[known], ref=ref, name=ref.model, aliases=())
        one = self.offers.get(ref.provider) or Offer(ref.provider, (), open=True, simulated=False)
        return entry_for(one, ref.model, self.on)

    @cached_property
    def _names(self) -> dict[str, str]:
        bare = {name: str(ref) for name, ref in (self._aliases | self._bare).items()}
        return {str(ref): str(ref) for ref in self.models} | bare

    def _unknown(self, name: str, field: str) -> PerdureError:
        matches = get_close_matches(name, self._names, n=6, cutoff=0.5)
        near = list(dict.fromkeys(self._names[match] for match in matches))[:3]
        if near:
            hint = f"Did you mean {', '.join(near)}?"
        elif self.offers:
            hint = f"Configured providers: {', '.join(self.offers)}; /v1/models lists their models."
        else:
            hint = "No provider is configured: set a provider's key."
        return PerdureError(ErrorKind.NOT_FOUND, f"There is no model {name!r}. {hint}", field=field)


def _takes(one: Offer, model: str) -> bool:
    if one.simulated and model.startswith(SIMULATED_MODEL_PREFIX):
        return True
    # An alias or a dated version, which the price list knows by pattern rather than by name.
    return bool(one.models) and price_list.find(one.list_name, model, None) is not None
