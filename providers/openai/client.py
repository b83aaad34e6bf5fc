"""One pooled openai client, with everything off that it would do on its own."""

from typing import TYPE_CHECKING

from contracts.errors import ErrorKind, ProviderError
from providers.protocol import ProviderConfig

if TYPE_CHECKING:
    from openai import AsyncOpenAI

VENDOR_URL = "https://api.openai.com/v1"
CONNECT_SECONDS = 5.0
NO_KEY = "none"
"""What is sent to a server of one's own that asks for no key; the SDK insists on one."""


def is_vendor(config: ProviderConfig) -> bool:
    """Whether the server is OpenAI's own, or Azure's, which is the same."""
    host = (config.base_url or VENDOR_URL).partition("://")[2].partition("/")[0].partition(":")[0].lower()
    return host.endswith((".openai.com", ".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com"))


def build_client(config: ProviderConfig) -> "AsyncOpenAI":
    """The SDK's client. Imports the SDK, which takes a second: call it in a thread.

    The SDK reads its key, organisation, project, address and headers from the environment where an argument is missing; here
    arguments alone count.
    """
    import httpx2
    from openai import AsyncOpenAI

    if not config.api_key.strip() and is_vendor(config):
        raise ProviderError(
            ErrorKind.AUTHENTICATION, f"no API key is configured for {config.name}: set it", provider=config.name
        )
    client = AsyncOpenAI(
        api_key=config.api_key.strip() or NO_KEY,
        admin_api_key="",
        organization="",
        project="",
        webhook_secret="",
        base_url=config.base_url or VENDOR_URL,
        max_retries=0,
        # The caller's deadlines rule over an answer; only connecting is bounded here.
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
        http_client=httpx2.AsyncClient(
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100),
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
            follow_redirects=True,
        ),
    )
    # Given as empty so that the environment is not asked; None keeps their headers from being sent.
    client._custom_headers = dict(config.headers)
    client.admin_api_key = client.organization = client.project = client.webhook_secret = None
    return client
