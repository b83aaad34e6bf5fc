"""What Anthropic and its SDK raise, as error kinds."""

import contextlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from contracts.errors import RULES, ErrorKind, ProviderError
from providers.anthropic.error_words import BY_TYPE, field_of, kind_of, refuses_prefill
from providers.retry_after import retry_after
from providers.unforeseen import unforeseen

_ANTHROPIC_KEY = re.compile(r"\bsk-ant-[\w-]{6,}")
_LONG_QUOTE = re.compile(r"""(["'])[^"']{81,}(?:\1|$)""")


def translate_body(
    status: int | None, body: Any, headers: Mapping[str, str], *, provider: str, secret: str
) -> ProviderError:
    """The error for an HTTP answer that is not a success, or for an error inside a stream.

    `body` is the decoded JSON where there was any, else the text. `secret` is our key, taken out of every message.
    """
    error = _error_of(body)
    said, word = str(error.get("message") or ""), str(error.get("type") or "")
    kind = kind_of(status, word, said)
    failed = status if status is not None and status >= 400 else None
    name = word if word in BY_TYPE else f"HTTP {failed}" if failed else "an error"
    shown = _clean(said, secret)
    wait = retry_after(headers, now=datetime.now(UTC), message=said) if RULES[kind].retry_same else None
    return ProviderError(
        kind,
        f"{provider} answered {name}" + (f": {shown}" if shown else ""),
        provider=provider,
        status=failed,
        retry_after=wait,
        provider_code=word if word in BY_TYPE else None,
        field=field_of(kind, said),
        prefill_refused=refuses_prefill(kind, said),
    )


def translate(error: Exception, *, provider: str, secret: str) -> ProviderError:
    """The error for whatever the SDK raised while it called or read. Keeps no text of a prompt or an answer."""
    import anthropic
    import httpx2

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, anthropic.APIStatusError):
        return translate_body(error.status_code, error.body, error.response.headers, provider=provider, secret=secret)
    if isinstance(error.__cause__ or error, httpx2.ConnectTimeout):
        message = f"{provider} took no connection in time: see that it is reachable"
        return ProviderError(ErrorKind.UNAVAILABLE, message, provider=provider)
    if isinstance(error, anthropic.APITimeoutError | httpx2.TimeoutException | TimeoutError):
        message = f"{provider} did not answer in time ({_cause(error)}): ask again, or another provider"
        return ProviderError(ErrorKind.TIMEOUT, message, provider=provider)
    if isinstance(error, anthropic.APIConnectionError | httpx2.TransportError | OSError):
        message = f"the connection to {provider} failed ({_cause(error)}): see that it is reachable"
        return ProviderError(ErrorKind.UNAVAILABLE, message, provider=provider)
    return unforeseen(error, provider=provider)


def _cause(error: Exception) -> str:
    return type(error.__cause__ or error).__name__


def _error_of(body: Any) -> dict[str, Any]:
    """The `error` object of a body, or what stands in its place at gateways: a text, `message`, `detail`."""
    if isinstance(body, str) and body.lstrip().startswith("{"):
        with contextlib.suppress(ValueError):
            body = json.loads(body)
    if isinstance(body, list):
        body = body[0] if body else {}
    if not isinstance(body, dict):
        return {"message": str(body)} if body else {}
    inner = body.get("error", body)
    if not isinstance(inner, dict):
        return {"message": str(inner)}
    if "message" not in inner and "detail" in inner:
        return {**inner, "message": inner["detail"]}
    return inner


def _clean(said: str, secret: str) -> str:
    """The vendor's words in one short line, without our key; nothing of a page of HTML."""
    if "<html" in said.lower() or "<!doctype" in said.lower():
        return "(a page of HTML)"
    if len(secret) >= 8:
        said = said.replace(secret, "[key]")
    # A value that is quoted back at this length is the caller's content.
    said = _LONG_QUOTE.sub('"…"', said)
    said = " ".join(_ANTHROPIC_KEY.sub("[key]", said).split())
    return said if len(said) <= 300 else f"{said[:299]}…"
