"""The recorded errors: which adapter reads each, and which kinds are right."""

import importlib
import importlib.util
import json
import lzma
from pathlib import Path
from typing import Any, cast

from contracts.errors import ErrorKind
from providers.protocol import Provider, ProviderConfig, Wire
from tests.conformance.serving import Recorded

ErrorRow = dict[str, Any]

KINDS: dict[str, ErrorKind] = {
    "invalid_request": ErrorKind.INVALID_REQUEST,
    "model_not_found": ErrorKind.NOT_FOUND,
    "not_found": ErrorKind.NOT_FOUND,
    "authentication": ErrorKind.AUTHENTICATION,
    # Our key may not, or is not paid for: another provider can be asked, the caller can do nothing.
    "permission_denied": ErrorKind.AUTHENTICATION,
    "insufficient_credit": ErrorKind.AUTHENTICATION,
    "rate_limited": ErrorKind.RATE_LIMITED,
    "overloaded": ErrorKind.OVERLOADED,
    "server_error": ErrorKind.UNAVAILABLE,
    # The model wrote what its own server refused; asked again, or another, it may do better: as with a server's failure.
    "model_output_invalid": ErrorKind.UNAVAILABLE,
    "context_window_exceeded": ErrorKind.CONTEXT_OVERFLOW,
    "content_filtered": ErrorKind.CONTENT_REFUSED,
    "content_policy": ErrorKind.CONTENT_REFUSED,
    "timeout": ErrorKind.TIMEOUT,
}
"""The kind that each class of the recordings means."""

ADAPTERS: dict[str, tuple[str, str]] = {
    "openai-chat": ("providers.openai.adapter", "OpenAIProvider"),
    "openai-responses": ("providers.openai.adapter", "OpenAIProvider"),
    "anthropic": ("providers.anthropic.adapter", "AnthropicProvider"),
    "google": ("providers.google.adapter", "GoogleProvider"),
    "bedrock": ("providers.bedrock.adapter", "BedrockProvider"),
    "cohere": ("providers.cohere.adapter", "CohereProvider"),
}
"""The adapter of each wire: module and class."""

OTHER_WIRES = ("voyage",)
"""Vendors with a wire of their own that no adapter speaks."""

_BY_API: dict[str, Wire] = {
    "responses": "openai-responses",
    "messages": "anthropic",
    "messages.count_tokens": "anthropic",
    "generateContent": "google",
    "countTokens": "google",
}


def read_errors(folder: Path) -> list[ErrorRow]:
    """Every recorded error."""
    with lzma.open(folder / "errors.jsonl.xz", "rt") as lines:
        return [json.loads(line) for line in lines]


def wire_of(row: ErrorRow) -> Wire:
    """The wire whose shape the error has; whatever has none of ours is read as a compatible server's."""
    if row["provider"] in ("google", "google-vertex"):
        return "google"
    if row["provider"] in ("bedrock", "cohere"):
        # Bedrock words its errors alike, whatever was asked.
        return cast(Wire, row["provider"])
    return _BY_API.get(row["api"], "openai-chat")


def has_own_wire(row: ErrorRow) -> bool:
    """Whether the error comes over a wire that no adapter speaks."""
    return row["provider"] in OTHER_WIRES


def right_kinds(row: ErrorRow) -> set[ErrorKind]:
    """The kinds that the labels allow."""
    return {KINDS[label] for label in (row["expected_class"], *row["accept"])}


def recorded_error(row: ErrorRow) -> Recorded:
    """The recorded answer, to be served."""
    body = row["body"]
    return Recorded(
        status=row["status"],
        headers=row["headers"] or {},
        body=body if isinstance(body, str) else json.dumps(body),
    )


def build_provider(wire: Wire, url: str) -> Provider | None:
    """The adapter of `wire` at `url`, or None where it is not written yet."""
    module, name = ADAPTERS[wire]
    if importlib.util.find_spec(module.rpartition(".")[0]) is None or importlib.util.find_spec(module) is None:
        return None
    build = getattr(importlib.import_module(module), name)
    return cast(Provider, build(ProviderConfig(name=wire, wire=wire, api_key="recorded", base_url=url)))


def place_of(row: ErrorRow) -> str:
    """What the error is, for messages."""
    return f"{row['provider']} {row['api']} {row['status']} {row['message'][:80]!r}"
