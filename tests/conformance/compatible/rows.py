"""The recorded exchanges of the services that speak OpenAI's wires, and the stanza that reaches each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from providers.presets import PRESETS
from providers.protocol import ProviderConfig, Wire
from providers.stanzas import Stanza, configure
from tests.conformance.openai.rows import Row, is_own, read_rows

KEY = "recorded-key"

VENDORS = {"bedrock": "bedrock-mantle", "google-openai-compat": "google-openai", "local": "", "pydantic-gateway": ""}
"""Recorded names that are not the presets' own; an empty one is a server of which nothing is known."""

_WIRES: dict[str, tuple[Wire, str]] = {
    "chat.completions": ("openai-chat", "/chat/completions"),
    "responses": ("openai-responses", "/responses"),
}


@dataclass(frozen=True, slots=True)
class Reach:
    """How a recorded exchange's provider is reached. `by_name`: by a stanza of one word, or its address alone."""

    config: ProviderConfig
    by_name: bool


def read_compatible_rows(folder: Path) -> list[Row]:
    """Every chat completion and response that a server other than OpenAI's own gave."""
    return [row for api in _WIRES for row in read_rows(folder, api) if not is_own(row)]


def vendor_of(row: Row) -> str:
    """The preset's name of the service that answered."""
    name = str(row["provider"])
    return VENDORS.get(name, name)


def base_of(row: Row) -> str:
    """The path below which the operation's own begins."""
    path = str(row["path"]).removesuffix(_WIRES[row["api"]][1])
    return path.partition("/deployments/")[0]


def reach(row: Row, server: str) -> Reach:
    """The configuration of a row's provider, as a user's stanza would give it, with `server` in the place of its host.

    What the preset says is used wherever the record agrees with it; only an address that the record has otherwise is overridden.
    """
    vendor = vendor_of(row)
    preset = PRESETS.get(vendor)
    variables = dict.fromkeys(preset.keys[:1], KEY) if preset else {}
    wire: Wire = _WIRES[row["api"]][0]
    query: dict[str, Any] = row["query"] or {}
    stanza = Stanza(
        vendor or "server",
        wire=wire,
        location="us-east-1" if vendor == "bedrock-mantle" else "",
        base_url=server if vendor == "azure" else "" if preset and preset.base_url else server + base_of(row),
        api_key="" if preset else KEY,
        api_version=query.get("api-version", ""),
    )
    config = configure(stanza, lambda name: variables.get(name, ""))
    assert config.base_url is not None
    place = urlsplit(config.base_url).path
    by_name = place == base_of(row)
    address = server + (place if by_name else base_of(row))
    return Reach(
        ProviderConfig(
            name=config.name,
            wire=config.wire,
            api_key=config.api_key,
            base_url=address,
            vendor=config.vendor,
            api_version=config.api_version,
        ),
        by_name,
    )


def model_of(row: Row, body: dict[str, Any]) -> str:
    """The model asked for; Azure's deployments are named in the path."""
    _, found, rest = str(row["path"]).partition("/deployments/")
    return rest.partition("/")[0] if found else str(body["model"])
