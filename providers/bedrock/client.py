"""One pooled aiobotocore client, with everything off that it would do on its own."""

import logging
from contextlib import AsyncExitStack
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from contracts.errors import ErrorKind, ProviderError
from providers.bedrock.credentials import Credentials
from providers.importing import built_apart
from providers.protocol import ProviderConfig

if TYPE_CHECKING:
    from aiobotocore.session import AioSession  # type: ignore[import-untyped]

SERVICE = "bedrock-runtime"
CONNECT_SECONDS = 5.0
CONNECTIONS = 10_000
UNTOLD_REGION = "us-east-1"
"""Stands for the region where an address of one's own is called with a key that names none."""

calling: ContextVar[str | None] = ContextVar("calling", default=None)
"""The id of the call now being made, for its header."""


async def build_client(config: ProviderConfig, credentials: Credentials) -> tuple[Any, AsyncExitStack]:
    """The `bedrock-runtime` client, and the stack whose closing closes it.

    Importing botocore and reading its models takes half a second, which a thread spends. Raises `ProviderError(authentication)`
    where no region is known.
    """
    session = await built_apart(partial(_session, credentials))
    region = credentials.region or session.get_config_variable("region") or (UNTOLD_REGION if config.base_url else None)
    if region is None:
        raise ProviderError(
            ErrorKind.AUTHENTICATION,
            f"no AWS region is configured for {config.name}: set its location, or AWS_REGION",
            provider=config.name,
        )
    stack = AsyncExitStack()
    client = await stack.enter_async_context(
        session.create_client(
            SERVICE,
            region_name=region,
            endpoint_url=config.base_url.rstrip("/") if config.base_url else None,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.session_token,
            config=_config(credentials),
        )
    )
    _add_headers(client, config, credentials)
    return client, stack


@lru_cache(maxsize=1)
def _loader() -> Any:
    """Reads AWS's descriptions of its services, once for all clients: each would else take a third of a second for them."""
    from botocore.loaders import create_loader  # type: ignore[import-untyped]

    return create_loader()


def _session(credentials: Credentials) -> "AioSession":
    from aiobotocore.session import AioSession

    # At the level of debugging botocore logs whole requests and answers, which are not for logs.
    logging.getLogger("botocore").setLevel(logging.INFO)
    session = AioSession(profile=credentials.profile)
    session.register_component("data_loader", _loader())
    session.warm_up_loader_caches(SERVICE)
    return session


def _config(credentials: Credentials) -> Any:
    from aiobotocore.config import AioConfig  # type: ignore[import-untyped]
    from botocore import UNSIGNED  # type: ignore[import-untyped]

    settings: dict[str, Any] = {}
    if credentials.bearer is not None:
        # botocore takes such keys from the environment only; `_add_headers` sends ours.
        settings["signature_version"] = UNSIGNED
    elif credentials.access_key_id is not None:
        # Said here, it is not overruled by a key in the environment.
        settings["signature_version"] = "v4"
    return AioConfig(
        connect_timeout=CONNECT_SECONDS,
        # The caller's deadlines rule over an answer; only connecting is bounded here.
        read_timeout=None,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=CONNECTIONS,
        # An address in the environment or in AWS's files does not count; the configuration's does.
        ignore_configured_endpoint_urls=True,
        parameter_validation=True,
        **settings,
    )


def _add_headers(client: Any, config: ProviderConfig, credentials: Credentials) -> None:
    def add(params: dict[str, Any], **_: Any) -> None:
        headers = params["headers"]
        headers.update(dict(config.headers))
        if credentials.bearer is not None:
            headers["Authorization"] = f"Bearer {credentials.bearer}"
        call_id = calling.get()
        if call_id is not None:
            headers["X-Client-Request-Id"] = call_id

    # Before the call is signed, so that the headers are signed too.
    client.meta.events.register("before-call.bedrock-runtime", add)
