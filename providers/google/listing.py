"""What Gemini's models endpoint says (ai.google.dev/api/models)."""

from typing import TYPE_CHECKING

from contracts.catalog import LONGEST_NAME, DiscoveredModel
from contracts.routing import Capability

if TYPE_CHECKING:
    from google.genai import Client, types

_PAGE = 1_000
_MOST_MODELS = 5_000


async def list_models(client: "Client") -> tuple[DiscoveredModel, ...]:
    """All pages of the list."""
    found: list[DiscoveredModel] = []
    pager = await client.aio.models.list(config={"page_size": _PAGE})
    async for model in pager:
        name = (model.name or "").rsplit("/", 1)[-1]
        if 0 < len(name) <= LONGEST_NAME:
            found.append(_discovered(name, model))
        if len(found) >= _MOST_MODELS:
            break
    return tuple(found)


def _discovered(name: str, model: "types.Model") -> DiscoveredModel:
    actions = model.supported_actions or []
    embeds = bool(actions) and "generateContent" not in actions and any("embed" in one.lower() for one in actions)
    reasoning = frozenset({Capability.REASONING})
    return DiscoveredModel(
        name=name,
        window=model.input_token_limit or None,
        max_output=model.output_token_limit or None,
        can=reasoning if model.thinking else frozenset(),
        tags=frozenset({"embedding"}) if embeds else frozenset(),
    )
