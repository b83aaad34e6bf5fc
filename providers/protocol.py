"""What every adapter is: one protocol, streaming first."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from contracts.catalog import DiscoveredModel
from contracts.events import ProviderEvent
from contracts.requests import ModelRequest

Wire = Literal["openai", "openai-chat", "openai-responses", "anthropic", "google", "bedrock", "cohere"]
"""The protocol a provider speaks. `openai` picks responses or chat completions by model and request."""

NO_KEY = "none"
"""The key of a server that asks for none; the SDKs insist on one."""


@dataclass(frozen=True, slots=True)
class Credential:
    """One of several keys or deployments of a provider.

    `name` is not secret: it is shown, and names the limits that workers share. Calls are spread by `weight`. `base_url` None and
    an empty `location`: the provider's own. Limits of None: as much as the provider takes.
    """

    name: str
    api_key: str
    weight: float = 1
    base_url: str | None = None
    location: str = ""
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None

    def __repr__(self) -> str:
        return f"Credential(name={self.name!r}, weight={self.weight!r}, base_url={self.base_url!r})"


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """How to reach one provider. `name` is the word before the colon of a model ref.

    `base_url` None means the vendor's own. `simulated` marks answers that no real model gave. `headers` are sent along.
    `api_key` never appears in a log, a message or `repr`, nor do the `options`, which only one wire has (see
    `providers/bedrock/credentials.py`). `vendor` names whose service it is, a name of `providers/presets.py`, and with it the
    wire's dialect; empty, the provider's own name says it. `api_version` is Azure's; `project` and `location` are a cloud's: of
    Google (Vertex), or the region of AWS. Where there are `credentials`, they are used in
    its place. `free`: its models cost nothing. `first_token_seconds`: how long its models may be silent before their answer
    begins, where nobody says otherwise; None as everywhere.
    """

    name: str
    wire: Wire
    api_key: str
    base_url: str | None = None
    simulated: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    vendor: str = ""
    api_version: str = ""
    project: str = ""
    location: str = ""
    options: tuple[tuple[str, str], ...] = ()
    credentials: tuple[Credential, ...] = ()
    free: bool = False
    first_token_seconds: float | None = None

    def __repr__(self) -> str:
        return f"ProviderConfig(name={self.name!r}, wire={self.wire!r}, base_url={self.base_url!r}, simulated={self.simulated})"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model at a provider can take and give. Where a fact is unknown the adapter says what its wire allows."""

    tools: bool = True
    parallel_tools: bool = True
    json_schema: bool = True
    images: bool = True
    documents: bool = True
    audio: bool = False
    reasoning: bool = True
    prefill: bool = False
    streaming: bool = True


@dataclass(frozen=True, slots=True)
class Health:
    """The outcome of a cheap probe: is the provider reachable, and does it take our key. `latency` is in seconds."""

    ok: bool
    latency: float
    message: str
    kind: str | None = None


class Provider(Protocol):
    """One provider, reached over one wire with one credential."""

    @property
    def config(self) -> ProviderConfig:
        """How this provider is reached."""
        ...

    def stream(self, request: ModelRequest, *, call_id: str) -> AsyncIterator[ProviderEvent]:
        """Call the model and yield its answer as it comes.

        `call_id` names our attempt; it is sent as `X-Client-Request-Id`. Raises `ProviderError` for everything that goes
        wrong, before the call for a feature that the wire cannot carry (`invalid_request`, naming the feature).
        Closing the iterator (or cancelling its task) closes the connection.
        """
        ...

    async def check_health(self) -> Health:
        """Probe cheaply (no tokens billed), within 5 seconds. Never raises."""
        ...

    def capabilities(self, model: str) -> Capabilities:
        """What `model` can take and give over this wire."""
        ...

    async def warm(self) -> None:
        """Import the SDK and build the client, which takes seconds once and nothing afterwards. Raises `ProviderError`."""
        ...

    async def close(self) -> None:
        """Close the pooled connections."""
        ...


@runtime_checkable
class Listing(Protocol):
    """An adapter whose provider lists its own models."""

    async def list_models(self) -> tuple[DiscoveredModel, ...]:
        """What the provider lists, with what it says of each; bills nothing. The caller's deadline bounds it.

        Raises `ProviderError`.
        """
        ...
