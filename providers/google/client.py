"""One pooled google-genai client, with everything off that it would do on its own."""

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from contracts.errors import ErrorKind, ProviderError
from providers.protocol import ProviderConfig

if TYPE_CHECKING:
    import httpx2
    from google.genai import Client

VENDOR_URL = "https://generativelanguage.googleapis.com/"
API_VERSION = "v1beta"
VERTEX = "vertex"
"""The vendor of a configuration that means Google Cloud's Vertex AI rather than the Gemini API."""

VERTEX_VERSION = "v1beta1"

opened: ContextVar[list["httpx2.Response"] | None] = ContextVar("opened", default=None)
"""The list that takes the response of the call now being made, so that its connection can be closed at once."""


def build_client(config: ProviderConfig) -> "tuple[Client, httpx2.AsyncClient]":
    """The SDK's client and the HTTP client below it. Imports the SDK, which takes a second: call it in a thread.

    The SDK reads its key, address, API version and backend from the environment where an argument is missing, so every one of
    them is given. Vertex is reached by project and location, with the credentials that google-auth
    finds, or by a key alone ("express").
    """
    from google.genai import Client, types

    from providers.connections import http_client

    vertex = config.vendor == VERTEX
    if vertex and not config.api_key.strip() and not config.project:
        raise ProviderError(
            ErrorKind.AUTHENTICATION,
            f"{config.name} has neither a project nor an API key: set project (or GOOGLE_CLOUD_PROJECT), or a key",
            provider=config.name,
        )
    if not vertex and not config.api_key.strip():
        raise ProviderError(
            ErrorKind.AUTHENTICATION, f"no API key is configured for {config.name}: set it", provider=config.name
        )
    http = http_client(event_hooks={"request": [_bound_connect], "response": [_keep]})
    client = Client(
        **_identity(config),
        http_options=types.HttpOptions(
            base_url=config.base_url or (None if vertex else VENDOR_URL),
            api_version=VERTEX_VERSION if vertex else API_VERSION,
            headers=dict(config.headers),
            httpx_async_client=http,
            # One attempt. Without the options the SDK still repeats a request after some connection errors.
            retry_options=types.HttpRetryOptions(attempts=1),
        ),
    )
    return client, http


def _identity(config: ProviderConfig) -> dict[str, Any]:
    """Who asks, and where: the arguments that tell the Gemini API and the two ways into Vertex apart."""
    if config.vendor != VERTEX:
        return {"api_key": config.api_key, "vertexai": False}
    if key := config.api_key.strip():
        return {"api_key": key, "vertexai": True}
    return {"project": config.project, "location": config.location or "global", "vertexai": True}


async def _bound_connect(request: "httpx2.Request") -> None:
    # The SDK hands every request its own timeout, None, which would undo the client's.
    from providers.connections import CONNECT_SECONDS

    request.extensions["timeout"] = {**request.extensions.get("timeout", {}), "connect": CONNECT_SECONDS}


async def _keep(response: "httpx2.Response") -> None:
    responses = opened.get()
    if responses is not None:
        responses.append(response)
