"""Our own facts of models, read from `facts.yaml`: what a family can do, how good and how fast it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from contracts.routing import Capability

_CLOUD = re.compile(
    r"^(?:(?:global|regional|us|us-gov|eu|apac|jp|au|ca)\.)?"
    r"(?:ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshotai|nvidia|openai|qwen|writer|zai)\.(?=[a-z])"
)
"""What Bedrock puts before a model's name: the region of an inference profile, and the maker."""


@dataclass(frozen=True, slots=True)
class Family:
    """What models of one family share. `window` counts where nobody else says."""

    quality: float
    speed: float
    can: frozenset[Capability]
    window: int | None
    max_output: int | None
    tokenizer: str
    tags: frozenset[str]


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """Where a provider processes, what it promises, and what its API lacks of what its models can."""

    regions: frozenset[str] = frozenset()
    privacy: frozenset[str] = frozenset()
    lacks: frozenset[Capability] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """The whole file. `aliases` are by a model's bare name."""

    families: tuple[tuple[re.Pattern[str], Family], ...]
    other_work: tuple[tuple[str, re.Pattern[str]], ...]
    providers: Mapping[str, ProviderFacts]
    aliases: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def facts() -> Facts:
    """The facts, read once per process. Raises ValueError or KeyError where the file is wrong."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    read = yaml.load((files("domain.catalog") / "facts.yaml").read_text("utf-8"), loader)  # noqa: S506 - a safe loader
    return Facts(
        families=tuple((re.compile(one["match"]), _family(one)) for one in read["families"]),
        other_work=tuple((tag, re.compile(pattern)) for tag, pattern in read["other_work"].items()),
        providers={name: _provider(one) for name, one in read["providers"].items()},
        aliases={name: tuple(others) for name, others in read["aliases"].items()},
    )


@lru_cache(maxsize=8192)
def family_of(name: str) -> Family | None:
    """The family of a model's name, however a router or a cloud writes it; None where we know none."""
    bare = bare_name(name)
    return next((family for pattern, family in facts().families if pattern.match(bare)), None)


@lru_cache(maxsize=8192)
def other_work(name: str) -> frozenset[str]:
    """What a model is for where it is not for chat, told by its name: `embedding`, `speech`, `image` and so on."""
    bare = bare_name(name)
    return frozenset(tag for tag, pattern in facts().other_work if pattern.search(bare))


def bare_name(name: str) -> str:
    """A model's name in small letters, without what a router or a cloud puts before it."""
    return _CLOUD.sub("", name.lower().rsplit("/", 1)[-1].lstrip("~"))


def _family(one: Mapping[str, Any]) -> Family:
    for tier in ("quality", "speed"):
        if not 0 <= one[tier] <= 1:
            raise ValueError(f"facts.yaml: {tier} of {one['match']!r} is not between 0 and 1")
    return Family(
        quality=one["quality"],
        speed=one["speed"],
        can=frozenset(Capability(word) for word in one["can"]),
        window=one.get("window"),
        max_output=one.get("max_output"),
        tokenizer=one.get("tokenizer", "unknown"),
        tags=frozenset(one.get("tags", ())),
    )


def _provider(one: Mapping[str, Any]) -> ProviderFacts:
    return ProviderFacts(
        regions=frozenset(one.get("regions", ())),
        privacy=frozenset(one.get("privacy", ())),
        lacks=frozenset(Capability(word) for word in one.get("lacks", ())),
    )
