"""Which models a key may use, whatever it asks of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.policies import TierAccess
from domain.catalog import ModelEntry
from domain.routing.prepared import is_named, is_tagged


@dataclass(frozen=True, slots=True)
class Permit:
    """A key's own list of names, and its user tier's lists; None where it has no tier, or the policy does not know it.

    A tier's highest price is not looked at: what a call comes to depends on the call.
    """

    names: Sequence[str] = ()
    tier: TierAccess | None = None

    @property
    def everything(self) -> bool:
        """Nothing is kept from the key."""
        return not self.names and self.tier is None

    def allows(self, entry: ModelEntry) -> bool:
        """Whether the key may use the model."""
        tier = self.tier
        allowed = tier is None or (is_named(tier.models, entry) and is_tagged(tier.tags, entry))
        return allowed and is_named(self.names, entry)
