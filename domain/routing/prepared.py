"""What planning can know before a request comes: made once per catalog and policy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.models import ModelRef
from contracts.policies import Policy, TierAccess
from contracts.routing import Capability
from domain.catalog.entry import ModelEntry
from domain.routing.columns import Columns, columns
from domain.routing.masks import Ladder, by_key, mask_of

ASKED_ONLY_TAGS = frozenset(
    {"embedding", "moderation", "image_generation", "speech", "transcription", "rerank", "fault"}
)
"""Models with one of these tags do not chat, or fail on purpose: routing never chooses them by itself."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A catalog and a policy, indexed. Sets of models are bits in the order of `entries` (see `domain.routing.masks`).

    `choosable` are those that may answer without being named: not deprecated, made to chat, and not simulated where a real one
    is there. `names` maps every name that a policy may use to its model.
    """

    entries: tuple[ModelEntry, ...]
    policy: Policy
    version: str | None
    names: Mapping[str, ModelRef]
    disabled: frozenset[str]
    at: Mapping[str, int]
    everything: int
    enabled: int
    choosable: int
    providers: Mapping[str, int]
    capabilities: Mapping[Capability, int]
    tags: Mapping[str, int]
    regions: Mapping[str, int]
    privacy: Mapping[str, int]
    windows: Ladder
    answers: Ladder
    qualities: Ladder
    tiers: Mapping[str, int]
    columns: Columns

    def position(self, ref: ModelRef) -> int | None:
        """Where a model stands in `entries`; None where it is not there."""
        return self.at.get(str(ref))

    def few(self, refs: Iterable[ModelRef]) -> "Prepared":
        """The same policy over these models alone. Of a model that the catalog has not, nothing is known, and it may be asked."""
        entries = []
        for ref in dict.fromkeys(refs):
            position = self.position(ref)
            entries.append(_unlisted(ref) if position is None else self.entries[position])
        return _prepare(entries, self.policy, self.version, self.names, self.disabled)


def prepare(entries: Iterable[ModelEntry], policy: Policy, *, version: str | None = None) -> Prepared:
    """Index a catalog, to which the policy's overrides have been applied, and the policy. `version` names the policy."""
    kept = tuple(entries)
    names = _names(kept)
    disabled = frozenset(
        str(names[name]) if name in names else name for name, one in policy.models.items() if not one.enabled
    )
    return _prepare(kept, policy, version, names, disabled)


def _prepare(
    entries: Sequence[ModelEntry],
    policy: Policy,
    version: str | None,
    names: Mapping[str, ModelRef],
    disabled: frozenset[str],
) -> Prepared:
    refs = [str(entry.ref) for entry in entries]
    enabled = mask_of(index for index, ref in enumerate(refs) if ref not in disabled)
    real = mask_of(index for index, entry in enumerate(entries) if not entry.simulated)
    chatting = mask_of(i for i, one in enumerate(entries) if not one.deprecated and not one.tags & ASKED_ONLY_TAGS)
    return Prepared(
        entries=tuple(entries),
        policy=policy,
        version=version,
        names=names,
        disabled=disabled,
        at={ref: index for index, ref in enumerate(refs)},
        everything=(1 << len(entries)) - 1,
        enabled=enabled,
        choosable=chatting & (real if enabled & chatting & real else -1),
        providers=by_key(entries, lambda entry: (entry.ref.provider,)),
        capabilities=by_key(entries, lambda entry: entry.capabilities),
        tags=by_key(entries, lambda entry: entry.tags),
        regions=by_key(entries, lambda entry: entry.regions),
        privacy=by_key(entries, lambda entry: entry.privacy),
        windows=Ladder.of([entry.window for entry in entries]),
        answers=Ladder.of([entry.max_output for entry in entries]),
        qualities=Ladder.of([entry.quality for entry in entries]),
        tiers={name: _allowed(tier, entries) for name, tier in policy.user_tiers.items()},
        columns=columns(entries),
    )


def _names(entries: Sequence[ModelEntry]) -> dict[str, ModelRef]:
    """Every name; where two models share a bare one, the first has it, and a full name is never anything else's alias."""
    names: dict[str, ModelRef] = {}
    for entry in entries:
        for name in (entry.ref.model, *entry.aliases):
            names.setdefault(name, entry.ref)
    return names | {str(entry.ref): entry.ref for entry in entries}


def _unlisted(ref: ModelRef) -> ModelEntry:
    return ModelEntry(ref=ref, name=ref.model, capabilities=frozenset(Capability), source="configured")


def _allowed(tier: TierAccess, entries: Sequence[ModelEntry]) -> int:
    """Who the tier's names and tags allow; its price limit depends on the request."""
    return mask_of(i for i, entry in enumerate(entries) if _named(tier.models, entry) and _tagged(tier.tags, entry))


def _named(patterns: Sequence[str], entry: ModelEntry) -> bool:
    if not patterns:
        return True
    names = (str(entry.ref), entry.ref.model, *entry.aliases)
    return any(
        name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
        for pattern in patterns
        for name in names
    )


def _tagged(tags: Sequence[str], entry: ModelEntry) -> bool:
    return not tags or not entry.tags.isdisjoint(tags)
