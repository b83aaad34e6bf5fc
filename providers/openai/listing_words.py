"""The words that servers add to a row of OpenAI's list of models, by what they mean.

Sources: docs.mistral.ai/api (models), openrouter.ai/docs/api-reference/list-available-models, console.groq.com/docs/models,
docs.together.ai/reference/models, huggingface.co/docs/inference-providers (`/v1/models`), vLLM's and llama.cpp's servers.
"""

from collections.abc import Iterable
from typing import Any

from contracts.catalog import LONGEST_NAME
from contracts.routing import Capability

Can = tuple[frozenset[Capability], frozenset[Capability]]
"""What a model can, and what it cannot."""

_WINDOWS = ("context_window", "context_length", "max_context_length", "max_model_len", "context_size")
_OUTPUTS = ("max_completion_tokens", "max_output_tokens", "max_output_length")
_MISTRAL = {"function_calling": Capability.TOOLS, "vision": Capability.IMAGES, "reasoning": Capability.REASONING}
_PARAMETERS = {
    "tools": Capability.TOOLS,
    "structured_outputs": Capability.JSON_SCHEMA,
    "reasoning": Capability.REASONING,
}
_MODALITIES = {"image": Capability.IMAGES, "file": Capability.DOCUMENTS, "audio": Capability.AUDIO}
_PER_PROVIDER = {"supports_tools": Capability.TOOLS, "supports_structured_output": Capability.JSON_SCHEMA}
_TYPES = {
    "audio": "speech",
    "embedding": "embedding",
    "image": "image",
    "language": "completion",
    "moderation": "moderation",
    "rerank": "rerank",
    "text-to-embedding": "embedding",
    "text-to-image": "image",
    "text-to-score": "rerank",
    "transcribe": "transcription",
    "video": "image",
}
_ENDS = ("deprecation", "deprecation_date", "expiration_date", "shutdown_date")


def window(row: dict[str, Any]) -> int | None:
    """Tokens of prompt and answer together. Where several servers stand behind a router, the least of theirs."""
    said = _first(row, _WINDOWS) or _first(_object(row, "top_provider"), _WINDOWS)
    if said is None:
        # llama.cpp names the window that it was started with, and in older versions only that of the training.
        said = _first(_object(row, "meta"), ("n_ctx", "n_ctx_train"))
    return said or min((one for each in _servers(row) if (one := _first(each, _WINDOWS))), default=None)


def max_output(row: dict[str, Any]) -> int | None:
    """Tokens of the longest answer."""
    return _first(row, _OUTPUTS) or _first(_object(row, "top_provider"), _OUTPUTS)


def capabilities(row: dict[str, Any]) -> Can:
    """What the row says that the model can and cannot; behind a router, what all its servers can."""
    said: dict[Capability, bool] = {}
    stated = _object(row, "capabilities")
    said |= {ours: bool(stated[theirs]) for theirs, ours in _MISTRAL.items() if isinstance(stated.get(theirs), bool)}
    if isinstance(parameters := row.get("supported_parameters"), list):
        said |= {ours: theirs in parameters for theirs, ours in _PARAMETERS.items()}
    if isinstance(taken := _object(row, "architecture").get("input_modalities"), list):
        said |= {ours: theirs in taken for theirs, ours in _MODALITIES.items()}
    if servers := _servers(row):
        for theirs, ours in _PER_PROVIDER.items():
            answers = [each[theirs] for each in servers if isinstance(each.get(theirs), bool)]
            if answers:
                said[ours] = all(answers)
    return frozenset(one for one, has in said.items() if has), frozenset(one for one, has in said.items() if not has)


def tags(row: dict[str, Any]) -> frozenset[str]:
    """What a model is for where the row says that it is not for chat."""
    types = row.get("type")
    listed = types if isinstance(types, list) else [types]
    found = {_TYPES[one] for one in listed if isinstance(one, str) and one in _TYPES}
    given = _object(row, "architecture").get("output_modalities")
    if isinstance(given, list) and given and "text" not in given:
        found.add("image")
    stated = _object(row, "capabilities")
    if stated.get("completion_chat") is False and not stated.get("ocr"):
        found.add("completion")
    return frozenset(found)


def aliases(row: dict[str, Any], name: str) -> tuple[str, ...]:
    """Further names that the server takes for the model."""
    given = row.get("aliases")
    words: Iterable[Any] = given if isinstance(given, list) else ()
    return tuple(one for one in words if isinstance(one, str) and one != name and 0 < len(one) <= LONGEST_NAME)


def deprecated(row: dict[str, Any]) -> bool:
    """Whether the row names an end, or says that the model is on its way out."""
    return row.get("state") == "deprecated" or any(isinstance(row.get(end), str) and row[end] for end in _ENDS)


def _servers(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The live servers behind a model of HuggingFace's router."""
    given = row.get("providers")
    listed = given if isinstance(given, list) else []
    return [one for one in listed if isinstance(one, dict) and one.get("status", "live") == "live"]


def _first(row: dict[str, Any], keys: Iterable[str]) -> int | None:
    return next((row[key] for key in keys if type(row.get(key)) is int and row[key] > 0), None)


def _object(row: dict[str, Any], key: str) -> dict[str, Any]:
    found = row.get(key)
    return found if isinstance(found, dict) else {}
