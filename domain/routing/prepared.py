"""What planning can know before a request comes: made once per catalog and policy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from contracts.models import ModelRef
from contracts.policies import Policy, RoutingRules, TierAccess
from contracts.routing import Capability
from domain.catalog import Catalog, ModelEntry, with_policy
from domain.routing.columns import Columns, columns
from domain.routing.masks import Ladder, by_key, mask_of

ROUTED = "auto"
"""The name of no model: routing chooses. Also `auto:STRATEGY`, as a policy's default model."""

FAULT = "fault"
"""The tag of models that fail on purpose: routing never chooses them by itself."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A catalog and a policy, indexed. Sets of models are bits in the order of `entries` (see `domain.routing.masks`).

    `choosable` are those that may answer without being named by the caller: not deprecated and made to chat, or named by the
    policy's rules; and not simulated where a real one is there. `named`: these are the models that somebody named.
    """

    entries: tuple[ModelEntry, ...]
    policy: Policy
    version: str | None
    catalog: Catalog
    disabled: frozenset[str]
    wires: Mapping[str, str]
    at: Mapping[str, int]
    everything: int
    enabled: int
    choosable: int
    providers: Mapping[str, int]
    tool_owners: Mapping[str, int]
    capabilities: Mapping[Capability, int]
    tags: Mapping[str, int]
    regions: Mapping[str, int]
    privacy: Mapping[str, int]
    windows: Ladder
    answers: Ladder
    qualities: Ladder
    tiers: Mapping[str, int]
    columns: Columns
    named: bool

    def position(self, ref: ModelRef) -> int | None:
        """Where a model stands in `entries`; None where it is not there."""
        return self.at.get(str(ref))

    def meaning(self, name: str) -> ModelRef | None:
        """The model that a policy's name means; None where it means none."""
        return self.catalog.meaning(name)

    def few(self, refs: Iterable[ModelRef]) -> "Prepared":
        """The same policy over these models alone, which need not be listed."""
        named = [self._at_its_word(self.catalog.entry(ref)) for ref in dict.fromkeys(refs)]
        return _prepare(named, self.policy, self.version, self.catalog, self.disabled, self.wires, named=True)

    def _at_its_word(self, entry: ModelEntry) -> ModelEntry:
        """A model whose abilities are guessed has all that the policy does not deny it, since its caller may know more."""
        if not entry.guessed:
            return entry
        said = self.policy.models.get(str(entry.ref))
        denied = {one for one, has in said.capabilities.items() if not has} if said else frozenset()
        return replace(entry, capabilities=frozenset(Capability) - denied)


def prepare(
    known: Catalog | Iterable[ModelEntry],
    policy: Policy,
    *,
    version: str | None = None,
    wires: Mapping[str, str] | None = None,
) -> Prepared:
    """Index a catalog under its policy (`Catalogs.under`). `version` names the policy.

    `wires` say of a provider by its name whose tools it runs beside those of that name: `openai`, `anthropic`, `google`, ...
    Entries alone are taken as a catalog that passes on any name at their providers.
    """
    catalog = known if isinstance(known, Catalog) else with_policy(known, Policy(), allow_unlisted=True)
    off = (name for name, one in policy.models.items() if not one.enabled)
    disabled = frozenset(str(catalog.meaning(name) or name) for name in off)
    listed = {entry.ref: entry for entry in catalog.entries}
    unlisted = {ref: catalog.entry(ref) for ref in named_by_rules(catalog, policy.routing_rules) if ref not in listed}
    return _prepare((*listed.values(), *unlisted.values()), policy, version, catalog, disabled, wires or {})


def named_by_rules(catalog: Catalog, rules: RoutingRules) -> Iterable[ModelRef]:
    """The models that the policy's rules name, each once."""
    default = () if rules.default_model.partition(":")[0] == ROUTED else (rules.default_model,)
    names = chain(
        default,
        rules.fallback_chain,
        *rules.fallback_chains.values(),
        *rules.task_preferences.values(),
    )
    return dict.fromkeys(ref for name in names if (ref := catalog.meaning(name)) is not None)


def _prepare(
    entries: Sequence[ModelEntry],
    policy: Policy,
    version: str | None,
    catalog: Catalog,
    disabled: frozenset[str],
    wires: Mapping[str, str],
    *,
    named: bool = False,
) -> Prepared:
    refs = [str(entry.ref) for entry in entries]
    enabled = mask_of(
        i for i, one in enumerate(entries) if refs[i] not in disabled and not catalog.switched_off(one.ref)
    )
    real = mask_of(index for index, entry in enumerate(entries) if not entry.simulated)
    by_rules = frozenset(named_by_rules(catalog, policy.routing_rules))
    chatting = mask_of(i for i, one in enumerate(entries) if one.ref in by_rules or _answers_by_itself(one))
    return Prepared(
        entries=tuple(entries),
        policy=policy,
        version=version,
        catalog=catalog,
        disabled=disabled,
        wires=wires,
        at={ref: index for index, ref in enumerate(refs)},
        everything=(1 << len(entries)) - 1,
        enabled=enabled,
        choosable=chatting & (real if enabled & chatting & real else -1),
        providers=by_key(entries, lambda entry: (entry.ref.provider,)),
        tool_owners=by_key(entries, lambda one: {one.ref.provider, wires.get(one.ref.provider, one.ref.provider)}),
        capabilities=by_key(entries, lambda entry: entry.capabilities),
        tags=by_key(entries, lambda entry: entry.tags),
        regions=by_key(entries, lambda entry: entry.regions),
        privacy=by_key(entries, lambda entry: entry.privacy),
        windows=Ladder.of([entry.window for entry in entries]),
        answers=Ladder.of([entry.max_output for entry in entries]),
        qualities=Ladder.of([entry.quality for entry in entries]),
        tiers={name: _allowed(tier, entries) for name, tier in policy.user_tiers.items()},
        columns=columns(entries),
        named=named,
    )


def _answers_by_itself(entry: ModelEntry) -> bool:
    return entry.chats and not entry.deprecated and FAULT not in entry.tags


def _allowed(tier: TierAccess, entries: Sequence[ModelEntry]) -> int:
    """Who the tier's names and tags allow; its price limit depends on the request."""
    return mask_of(i for i, entry in enumerate(entries) if is_named(tier.models, entry) and is_tagged(tier.tags, entry))


def is_named(patterns: Sequence[str], entry: ModelEntry) -> bool:
    """One of the names is the model's, or its beginning where it ends in `*`. No names mean every model."""
    if not patterns:
        return True
    names = (str(entry.ref), entry.ref.model, *entry.aliases)
    return any(
        name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
        for pattern in patterns
        for name in names
    )


def is_tagged(tags: Sequence[str], entry: ModelEntry) -> bool:
    """The model has one of the tags. No tags mean every model."""
    return not tags or not entry.tags.isdisjoint(tags)
