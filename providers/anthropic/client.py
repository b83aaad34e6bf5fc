"""One pooled anthropic client, with everything off that it would do on its own."""

from typing import TYPE_CHECKING

from contracts.errors import ErrorKind, ProviderError
from providers.protocol import ProviderConfig

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

VENDOR_URL = "https://api.anthropic.com"
CONNECT_SECONDS = 5.0


def build_client(config: ProviderConfig) -> "AsyncAnthropic":
    """The SDK's client. Imports the SDK, which takes a second: call it in a thread.

    The SDK reads its key, address, headers and tracing from the environment where an argument is missing; here arguments alone
    count.
    """
    import httpx2
    from anthropic import AsyncAnthropic

    if not config.api_key.strip():
        raise ProviderError(
            ErrorKind.AUTHENTICATION, f"no API key is configured for {config.name}: set it", provider=config.name
        )
    # The caller's deadlines rule over an answer; only connecting is bounded here.
    timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
    client = AsyncAnthropic(
        api_key=config.api_key.strip(),
        webhook_key="",
        # The SDK's paths begin with the version.
        base_url=(config.base_url or VENDOR_URL).rstrip("/").removesuffix("/v1"),
        max_retries=0,
        timeout=timeout,
        open_telemetry=False,
        http_client=httpx2.AsyncClient(
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100),
            timeout=timeout,
            follow_redirects=True,
        ),
    )
    # The constructor adds headers that the environment names.
    client._custom_headers = dict(config.headers)
    client.webhook_key = None
    return client
