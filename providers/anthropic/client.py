"""One pooled anthropic client, with everything off that it would do on its own."""

from typing import TYPE_CHECKING

from contracts.errors import ErrorKind, ProviderError
from providers.protocol import ProviderConfig

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

VENDOR_URL = "https://api.anthropic.com"


def build_client(config: ProviderConfig) -> "AsyncAnthropic":
    """The SDK's client. Imports the SDK, which takes a second: call it in a thread.

    The SDK reads its key, address, headers and tracing from the environment where an argument is missing; here arguments alone
    count.
    """
    from anthropic import AsyncAnthropic

    from providers.connections import TIMEOUT, http_client

    if not config.api_key.strip():
        raise ProviderError(
            ErrorKind.AUTHENTICATION, f"no API key is configured for {config.name}: set it", provider=config.name
        )
    client = AsyncAnthropic(
        api_key=config.api_key.strip(),
        webhook_key="",
        # The SDK's paths begin with the version.
        base_url=(config.base_url or VENDOR_URL).rstrip("/").removesuffix("/v1"),
        max_retries=0,
        timeout=TIMEOUT,
        open_telemetry=False,
        http_client=http_client(follow_redirects=True),
    )
    # The constructor adds headers that the environment names.
    client._custom_headers = dict(config.headers)
    client.webhook_key = None
    return client
