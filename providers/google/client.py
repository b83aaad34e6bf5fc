"""One pooled google-genai client, with everything off that it would do on its own."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

from contracts.errors import ErrorKind, ProviderError
from providers.protocol import ProviderConfig

if TYPE_CHECKING:
    import httpx2
    from google.genai import Client

VENDOR_URL = "https://generativelanguage.googleapis.com/"
API_VERSION = "v1beta"
CONNECT_SECONDS = 5.0

opened: ContextVar[list["httpx2.Response"] | None] = ContextVar("opened", default=None)
"""The list that takes the response of the call now being made, so that its connection can be closed at once."""


def build_client(config: ProviderConfig) -> "tuple[Client, httpx2.AsyncClient]":
    """The SDK's client and the HTTP client below it. Imports the SDK, which takes a second: call it in a thread.

    The SDK reads its key, address, API version and backend from the environment where an argument is missing, so every one of
    them is given.
    """
    import httpx2
    from google.genai import Client, types

    if not config.api_key.strip():
        raise ProviderError(
            ErrorKind.AUTHENTICATION, f"no API key is configured for {config.name}: set it", provider=config.name
        )
    http = httpx2.AsyncClient(
        # The caller's deadlines rule; connecting is bounded in `_bound_connect`.
        timeout=None,
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100),
        event_hooks={"request": [_bound_connect], "response": [_keep]},
    )
    client = Client(
        api_key=config.api_key,
        vertexai=False,
        http_options=types.HttpOptions(
            base_url=config.base_url or VENDOR_URL,
            api_version=API_VERSION,
            headers=dict(config.headers),
            httpx_async_client=http,
            # One attempt. Without the options the SDK still repeats a request after some connection errors.
            retry_options=types.HttpRetryOptions(attempts=1),
        ),
    )
    return client, http


async def _bound_connect(request: "httpx2.Request") -> None:
    # The SDK hands every request its own timeout, None, which would undo the client's.
    request.extensions["timeout"] = {**request.extensions.get("timeout", {}), "connect": CONNECT_SECONDS}


async def _keep(response: "httpx2.Response") -> None:
    responses = opened.get()
    if responses is not None:
        responses.append(response)
