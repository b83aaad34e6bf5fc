"""What a provider's own models endpoint says of a model."""

from pydantic import Field

from contracts.base import Contract
from contracts.routing import Capability

LONGEST_NAME = 300
"""Characters of a model's name; a provider's longer ones are not taken over."""


class DiscoveredModel(Contract):
    """A model that a provider lists. Whatever the provider does not say is None, or empty.

    `window` is prompt and answer together, in tokens, and `max_output` the longest answer. `can` and `cannot` hold only what the
    provider says itself. `tags` tell what a model is for where it is not for chat (`embedding`, `speech`, ...).
    """

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    window: int | None = Field(default=None, gt=0)
    max_output: int | None = Field(default=None, gt=0)
    can: frozenset[Capability] = frozenset()
    cannot: frozenset[Capability] = frozenset()
    tags: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()
    deprecated: bool = False
