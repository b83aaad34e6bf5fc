"""Scenarios: behaviours posted beforehand, waiting for the calls that they match."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from providers.simulator.asked import Vendor
from providers.simulator.behaviour import Behaviour


@dataclass(frozen=True, slots=True)
class Match:
    """Which calls a scenario is for; what is None matches all.

    `key` is the whole API key, `contains` a part of the last user message. `endpoint` is one of chat.completions,
    responses, embeddings, models, messages, count_tokens, generateContent, countTokens, embedContent. Without it a
    scenario is for the endpoints that are billed, so that a health probe does not use it up.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    vendor: Vendor | None = None
    model: str | None = None
    key: str | None = None
    contains: str | None = None
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A behaviour for the next `times` matching calls (None: all), after letting `skip` of them pass."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    behaviour: Behaviour
    match: Match = Match()
    times: Annotated[int, Field(ge=1)] | None = None
    skip: Annotated[int, Field(ge=0)] = 0


@dataclass(slots=True)
class _Standing:
    """A scenario that was posted, and what is left of it."""

    id: str
    scenario: Scenario
    to_skip: int
    left: int | None


class Scenarios:
    """The scenarios in the order in which they were posted; the first that matches and is not used up applies."""

    def __init__(self) -> None:
        self._standing: list[_Standing] = []
        self._posted = 0

    def add(self, scenario: Scenario) -> str:
        """Keep a scenario; returns its id."""
        self._posted += 1
        identity = f"scenario-{self._posted}"
        self._standing.append(_Standing(identity, scenario, scenario.skip, scenario.times))
        return identity

    def remove(self, identity: str) -> bool:
        """Forget one scenario; False where there is none of that id."""
        before = len(self._standing)
        self._standing = [one for one in self._standing if one.id != identity]
        return len(self._standing) < before

    def clear(self) -> None:
        """Forget all scenarios."""
        self._standing.clear()

    def take(
        self, *, vendor: str, endpoint: str, billed: bool, model: str, key: str, text: str
    ) -> tuple[str, Behaviour] | None:
        """The id and behaviour of the scenario that applies to this call, which uses it once; None where there is none."""
        for one in self._standing:
            match = one.scenario.match
            if (
                one.left == 0
                or (match.vendor is not None and match.vendor != vendor)
                or (match.endpoint != endpoint if match.endpoint is not None else not billed)
                or (match.model is not None and match.model != model)
                or (match.key is not None and match.key != key)
                or (match.contains is not None and match.contains not in text)
            ):
                continue
            if one.to_skip > 0:
                one.to_skip -= 1
                continue
            if one.left is not None:
                one.left -= 1
            return one.id, one.scenario.behaviour
        return None
