"""What `GET /models` says, at OpenAI and at the many servers that answer in its shape and add words of their own."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from contracts.catalog import LONGEST_NAME, DiscoveredModel
from providers.openai import listing_words, ollama
from providers.protocol import ProviderConfig

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")


async def list_models(client: "AsyncOpenAI", config: ProviderConfig) -> tuple[DiscoveredModel, ...]:
    """The models that the server lists.

    Azure lists what could be deployed rather than what is, so nothing is taken from there. Ollama says more on its own wire.
    """
    if (client.base_url.host or "").endswith(_AZURE):
        return ()
    body = await client.get("/models", cast_to=object)
    rows = list(_rows(body))
    found = tuple(_discovered(row, name) for row, name in rows)
    if ollama.answers(config, (row for row, _ in rows)):
        return await ollama.described(client, found)
    return found


def _rows(body: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """The list's rows and their models' names. Together and Heroku answer with the bare list."""
    rows = body.get("data") if isinstance(body, dict) else body
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or row.get("active") is False:
            continue
        name = next((row[key] for key in ("id", "model_id", "name") if isinstance(row.get(key), str)), "")
        # The Gemini API's own prefix on its OpenAI-compatible surface.
        name = name.removeprefix("models/")
        if 0 < len(name) <= LONGEST_NAME and name.isprintable():
            yield row, name


def _discovered(row: dict[str, Any], name: str) -> DiscoveredModel:
    can, cannot = listing_words.capabilities(row)
    return DiscoveredModel(
        name=name,
        window=listing_words.window(row),
        max_output=listing_words.max_output(row),
        can=can,
        cannot=cannot,
        tags=listing_words.tags(row),
        aliases=listing_words.aliases(row, name),
        deprecated=listing_words.deprecated(row),
    )
