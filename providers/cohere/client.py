"""One pooled cohere client, with everything off that it would do on its own."""

from typing import TYPE_CHECKING

from contracts.errors import ErrorKind, ProviderError
from providers.protocol import ProviderConfig

if TYPE_CHECKING:
    import httpx
    from cohere import AsyncClientV2

VENDOR_URL = "https://api.cohere.com"
CONNECT_SECONDS = 5.0


def build_client(config: ProviderConfig) -> "tuple[AsyncClientV2, httpx.AsyncClient]":
    """The SDK's client and the HTTP client below it. Imports the SDK, which takes a second: call it in a thread.

    The SDK reads its key and address from the environment where an argument is missing, so both are given.
    """
    import httpx
    from cohere import AsyncClientV2

    if not config.api_key.strip():
        raise ProviderError(
            ErrorKind.AUTHENTICATION, f"no API key is configured for {config.name}: set it", provider=config.name
        )
    # The caller's deadlines rule over an answer; only connecting is bounded here.
    timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
    http = httpx.AsyncClient(
        headers=dict(config.headers),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=100),
        timeout=timeout,
        follow_redirects=True,
    )
    # The SDK's paths begin with the version.
    base = (config.base_url or VENDOR_URL).rstrip("/").removesuffix("/v1").removesuffix("/v2")
    client = AsyncClientV2(
        api_key=config.api_key.strip(),
        base_url=base,
        max_retries=0,
        httpx_client=http,
        log_warning_experimental_features=False,
    )
    return client, http
