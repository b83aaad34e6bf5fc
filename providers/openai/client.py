"""One pooled openai client, with everything off that it would do on its own."""

from typing import TYPE_CHECKING, Any

from contracts.errors import ErrorKind, ProviderError
from providers.presets import preset_of
from providers.protocol import NO_KEY, ProviderConfig

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

VENDOR_URL = "https://api.openai.com/v1"


def is_vendor(config: ProviderConfig) -> bool:
    """Whether the server is OpenAI's own, or Azure's, which is the same."""
    if config.vendor:
        return config.vendor == "azure"
    host = (config.base_url or VENDOR_URL).partition("://")[2].partition("/")[0].partition(":")[0].lower()
    return host.endswith((".openai.com", ".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com"))


def build_client(config: ProviderConfig) -> "AsyncOpenAI":
    """The SDK's client. Imports the SDK, which takes a second: call it in a thread.

    The SDK reads its key, organisation, project, address and headers from the environment where an argument is missing; here
    arguments alone count. Raises `ProviderError(authentication)` without a key where one is needed.
    """
    from openai import AsyncAzureOpenAI, AsyncOpenAI

    from providers.connections import TIMEOUT, http_client

    key = config.api_key.strip()
    _insist_on_key(config, key)
    keyed_by_header = config.vendor == "azure"
    unasked: dict[str, Any] = {"admin_api_key": "", "organization": "", "project": "", "webhook_secret": ""}
    common: dict[str, Any] = {
        "max_retries": 0,
        "timeout": TIMEOUT,
        "http_client": http_client(
            # A client takes `Authorization` off when it is sent elsewhere, but no header of a vendor's own.
            follow_redirects=not keyed_by_header,
            event_hooks={"request": [_key_by_header]} if keyed_by_header else {},
        ),
    }
    base_url = config.base_url or VENDOR_URL
    if config.vendor == "bedrock-mantle" and not key:
        client = AsyncOpenAI(provider=_signing(config), **common)
    elif config.vendor == "azure" and config.api_version and not base_url.rstrip("/").endswith("/v1"):
        client = AsyncAzureOpenAI(api_key=key, api_version=config.api_version, base_url=base_url, **unasked, **common)
    else:
        client = AsyncOpenAI(api_key=key or NO_KEY, base_url=base_url, **unasked, **common)
    # Given as empty so that the environment is not asked; None keeps their headers from being sent.
    client._custom_headers = dict(config.headers)
    client.admin_api_key = client.organization = client.project = client.webhook_secret = None
    return client


async def _key_by_header(request: "httpx2.Request") -> None:
    """Azure takes a key in a header of its own (and a bearer's token in the usual one, which is no key)."""
    bearer = request.headers.pop("authorization", "")
    if bearer:
        request.headers["api-key"] = bearer.removeprefix("Bearer ")


def _insist_on_key(config: ProviderConfig, key: str) -> None:
    preset = preset_of(config.vendor)
    if key or (preset is not None and not preset.needs_key) or (preset is None and not is_vendor(config)):
        return
    names = " or ".join(preset.keys) if preset else ""
    raise ProviderError(
        ErrorKind.AUTHENTICATION,
        f"no API key is configured for {config.name}: set {names or 'it'}",
        provider=config.name,
    )


def _signing(config: ProviderConfig) -> Any:
    """The SDK's own signer, over the credentials that AWS's chain finds."""
    from openai.providers.bedrock import bedrock

    return bedrock(endpoint="mantle", region=config.location or None, base_url=config.base_url, api_key=None)
