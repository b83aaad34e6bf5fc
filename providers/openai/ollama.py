"""What Ollama says of its models on its own wire (docs.ollama.com/api/show); its OpenAI-compatible list holds names only."""

import asyncio
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from contracts.catalog import DiscoveredModel
from contracts.routing import Capability
from providers.protocol import ProviderConfig

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_PORT = ":11434"
_AT_ONCE = 4
_CAPABILITIES = {"tools": Capability.TOOLS, "vision": Capability.IMAGES, "thinking": Capability.REASONING}
_SET_WINDOW = re.compile(r"^num_ctx\s+(\d+)", re.MULTILINE)


def answers(config: ProviderConfig, rows: Iterable[dict[str, Any]]) -> bool:
    """Whether the server is an Ollama: it is called so, listens on its port, or names its library as the models' owner."""
    if config.name == "ollama" or _PORT in (config.base_url or ""):
        return True
    return any(row.get("owned_by") == "library" for row in rows)


async def described(client: "AsyncOpenAI", models: Iterable[DiscoveredModel]) -> tuple[DiscoveredModel, ...]:
    """The models with their windows and capabilities. One that cannot be described stays as it was listed."""
    root = str(client.base_url).rstrip("/").removesuffix("/v1")
    slots = asyncio.Semaphore(_AT_ONCE)

    async def describe(model: DiscoveredModel) -> DiscoveredModel:
        from openai import OpenAIError

        async with slots:
            try:
                said = await client.post(f"{root}/api/show", cast_to=object, body={"model": model.name})
            except OpenAIError:
                return model
        return read(model, said) if isinstance(said, dict) else model

    return tuple(await asyncio.gather(*(describe(model) for model in models)))


def read(model: DiscoveredModel, said: dict[str, Any]) -> DiscoveredModel:
    """A model with what `/api/show` says: the window that its Modelfile sets, else that of its training."""
    facts = said.get("model_info")
    trained = next(
        (value for key, value in (facts.items() if isinstance(facts, dict) else ()) if key.endswith(".context_length")),
        None,
    )
    parameters = said.get("parameters")
    chosen = _SET_WINDOW.search(parameters) if isinstance(parameters, str) else None
    window = int(chosen[1]) if chosen else trained
    change: dict[str, object] = {"window": window if type(window) is int and window > 0 else None}
    named = said.get("capabilities")
    if isinstance(named, list):
        change["can"] = frozenset(ours for theirs, ours in _CAPABILITIES.items() if theirs in named)
        change["cannot"] = frozenset(ours for theirs, ours in _CAPABILITIES.items() if theirs not in named)
        change["tags"] = frozenset({"embedding"}) if "embedding" in named and "completion" not in named else frozenset()
    return model.model_copy(update=change)
