"""The lists of `genai-prices`: which of them is a provider's, and what each knows by which names."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

ROUTER = "huggingface"
"""Not a list of its own: the router's models are in one list for each service behind it, `huggingface_together` and so on."""
FREE = "free"
"""Not a list either: the word for a provider whose models cost nothing, such as a server of one's own."""

_OTHER_NAMES = {
    "azure-openai": "azure",
    "azure_openai": "azure",
    "bedrock": "aws",
    "bedrock-mantle": "aws",
    "gemini": "google",
    "google-openai": "google",
    "grok": "x-ai",
    "moonshot": "moonshotai",
    "vertex": "google",
    "vertexai": "google",
    "xai": "x-ai",
    "zhipu": "zhipuai",
}
"""What providers are commonly called, where the lists have another word."""
_REGIONAL = "regional."
"""The `aws` list's word for all the geographies whose prices agree; Bedrock itself takes one of theirs."""
_TUNED = "ft:"
"""How the names of OpenAI's customers' own models begin; the list has one entry for all of a kind."""
_GEOGRAPHIES = ("us", "eu", "apac", "jp", "au")


@dataclass(frozen=True, slots=True)
class Known:
    """A model that a list knows. `name` is what its provider takes for it."""

    name: str
    model: "ModelInfo"
    provider: "Provider"


def list_of(provider: str) -> str:
    """The list of a provider that is called so."""
    return _OTHER_NAMES.get(provider, provider)


@lru_cache(maxsize=256)
def models_in(price_list: str, place: str = "") -> tuple[Known, ...]:
    """The models of a list, each by one name; none of a list that is not there.

    `place` is the geography (`eu`) whose names are taken where Bedrock has one for each. A list also prices other vendors'
    models where a vendor's cloud resells them: its own API does not serve those, and they are left out. So are those that
    stand for all of a customer's own models (`ft:gpt-4o`), which nobody can call.
    """
    if price_list == ROUTER:
        lists = [one for one in _lists() if one.startswith(f"{ROUTER}_")]
        return tuple(_behind_router(known) for one in lists for known in models_in(one))
    found = _lists().get(price_list)
    if found is None:
        return ()
    others = _other_makers(found)
    models: dict[str, Known] = {}
    for model in found.models:
        name = None if any(match.is_match(model.id) for match in others) else called(model, place)
        # Where one model's only name is also another's own, the latter has it.
        if name is not None and (name not in models or name == model.id):
            models[name] = Known(name, model, found)
    return tuple(models.values())


@lru_cache(maxsize=8192)
def find(price_list: str, name: str) -> Known | None:
    """What a list knows a name as, which may be a dated version or an alias (`gpt-4o-2024-08-06`: `gpt-4o`), else None."""
    if price_list == ROUTER:
        model, _, service = name.rpartition(":")
        behind = find(f"{ROUTER}_{service}", model) if model and service else None
        return None if behind is None else _behind_router(behind)
    found = _lists().get(price_list)
    if found is None:
        return None
    for spelling in _spellings(price_list, name.lower()):
        exact = _exactly(price_list).get(spelling)
        if exact is not None:
            return exact
        # A cloud's list falls back on the makers' (Azure on OpenAI), for which it needs all of them.
        model_found = found.find_model(spelling, all_providers=list(_lists().values()))
        if model_found is not None:
            return Known(called(model_found) or model_found.id, model_found, found)
    return None


def called(model: "ModelInfo", place: str = "") -> str | None:
    """The name by which a model's provider takes it, None where the list's entry is no one model.

    The lists name most models so themselves; for the others they say by which names they are known.
    """
    if model.id.startswith(_TUNED):
        return None
    if model.id.startswith(_REGIONAL):
        places = (place, *_GEOGRAPHIES) if place else _GEOGRAPHIES
        names = (f"{one}.{model.id.removeprefix(_REGIONAL)}" for one in places)
        return next((name for name in names if model.is_match(name)), None)
    if model.is_match(model.id):
        return model.id
    for clause in _clauses(model.match):
        if equals := getattr(clause, "equals", None):
            return str(equals)
        if getattr(clause, "starts_with", None) == f"{model.id}-":
            return f"{model.id}-latest"
    return None


def is_free(name: str) -> bool:
    """Whether a router's name for a model says that it costs nothing; the lists then say nothing of its price."""
    return name.endswith(":free")


def _spellings(price_list: str, name: str) -> Iterator[str]:
    """A name as the list may have it, where a service has further ways to write it."""
    yield name
    match price_list:
        case "google":
            # `models/gemini-2.5-pro` on its OpenAI-compatible surface, `publishers/google/models/...` at Vertex.
            if "/" in name:
                yield name.rsplit("/", 1)[-1]
        case "aws":
            if name.startswith("arn:"):
                yield name.rsplit("/", 1)[-1]
            # Mantle leaves the version off that Converse wants.
            yield f"{name}-1:0"
            yield f"{name}-v1:0"
        case _:
            return


def _behind_router(known: Known) -> Known:
    service = known.provider.id.removeprefix(f"{ROUTER}_")
    return Known(f"{known.model.id}:{service}", known.model, known.provider)


@lru_cache(maxsize=64)
def _exactly(price_list: str) -> dict[str, Known]:
    """A list's models by their names and ids, in small letters."""
    found = _lists()[price_list]
    every = [Known(called(model) or model.id, model, found) for model in found.models]
    return {known.name.lower(): known for known in every} | {known.model.id.lower(): known for known in every}


def _clauses(clause: Any) -> Iterator[Any]:
    either = getattr(clause, "or_", None)
    if either is None:
        yield clause
    else:
        for one in either:
            yield from _clauses(one)


def _other_makers(found: "Provider") -> list[Any]:
    """How a maker's list knows those whose models its cloud resells; a list of nobody's own models has none."""
    if found.model_match is None:
        return []
    resold = [_lists()[one] for one in found.fallback_model_providers or () if one in _lists()]
    return [one.model_match for one in resold if one.model_match is not None]


@lru_cache(maxsize=1)
def _lists() -> "dict[str, Provider]":
    from genai_prices.data_snapshot import get_snapshot

    return {one.id: one for one in get_snapshot().providers}
