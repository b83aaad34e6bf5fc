"""What Bedrock, botocore and the HTTP client below it raise, as error kinds."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from contracts.errors import RULES, ErrorKind, ProviderError
from providers.bedrock.error_words import BY_NAME, field_of, kind_of, refuses_prefill, short_name
from providers.retry_after import retry_after
from providers.unforeseen import unforeseen

_KEYS = re.compile(r"\b(?:(?:AKIA|ASIA)[A-Z0-9]{12,}|bedrock-api-key-[\w+/=-]+|ABSK[\w+/=-]{16,})")
_FAULT = re.compile(
    r"""^(?:Unknown|Missing required|Invalid \w+ for) parameter (?:in )?([\w.\[\]]+)(?:: "(\w+)")?""", re.MULTILINE
)
_LONG_QUOTE = re.compile(r"""(["'])[^"']{81,}(?:\1|$)""")


def translate_answer(answer: Mapping[str, Any], *, provider: str, secrets: Sequence[str]) -> ProviderError:
    """The error for what botocore parsed of an answer that is not a success, or of an error inside a stream.

    `secrets` are our keys, taken out of every message.
    """
    error = answer.get("Error") or {}
    facts = answer.get("ResponseMetadata") or {}
    # Inside a stream the model's own words stand beside Bedrock's.
    said = str(error.get("Message") or answer.get("message") or answer.get("originalMessage") or "")
    name = str(error.get("Code") or "")
    status = facts.get("HTTPStatusCode")
    headers: Mapping[str, str] = facts.get("HTTPHeaders") or {}
    kind = kind_of(status, name, f"{said} {answer.get('originalMessage') or ''}".strip())
    failed = status if status is not None and status >= 400 else None
    known = short_name(name) in BY_NAME
    shown = _clean(said, secrets)
    called = name if known else f"HTTP {failed}" if failed else "an error"
    wait = retry_after(headers, now=datetime.now(UTC), message=said) if RULES[kind].retry_same else None
    return ProviderError(
        kind,
        f"{provider} answered {called}" + (f": {shown}" if shown else ""),
        provider=provider,
        status=failed,
        retry_after=wait,
        provider_code=name if known else None,
        field=field_of(kind, said),
        prefill_refused=refuses_prefill(kind, said),
    )


def translate(error: Exception, *, provider: str, secrets: Sequence[str]) -> ProviderError:
    """The error for whatever was raised while we called or read. Keeps no text of a prompt or an answer."""
    import aiohttp
    from botocore import exceptions  # type: ignore[import-untyped]

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, exceptions.ClientError):
        return translate_answer(error.response, provider=provider, secrets=secrets)
    if isinstance(error, exceptions.ParamValidationError):
        # Its text quotes the values; the names of the fields are enough.
        fields = _fields(str(error))
        message = f"the request does not fit the shape that {provider} takes" + (f": see {fields}" if fields else "")
        return ProviderError(ErrorKind.INVALID_REQUEST, message, provider=provider, field=fields or None)
    if isinstance(error, _credential_errors()):
        message = f"no working AWS credentials or region were found for {provider} ({type(error).__name__}): set them"
        return ProviderError(ErrorKind.AUTHENTICATION, message, provider=provider)
    if isinstance(error, exceptions.ConnectTimeoutError | aiohttp.ConnectionTimeoutError):
        message = f"{provider} took no connection in time: see that it is reachable"
        return ProviderError(ErrorKind.UNAVAILABLE, message, provider=provider)
    if isinstance(error, exceptions.ReadTimeoutError | TimeoutError):
        message = f"{provider} did not answer in time ({type(error).__name__}): ask again, or another provider"
        return ProviderError(ErrorKind.TIMEOUT, message, provider=provider)
    if isinstance(error, exceptions.HTTPClientError | aiohttp.ClientError | OSError):
        message = f"the connection to {provider} failed ({type(error).__name__}): see that it is reachable"
        return ProviderError(ErrorKind.UNAVAILABLE, message, provider=provider)
    return unforeseen(error, provider=provider)


def _fields(report: str) -> str:
    """The paths that botocore's report of a request names, without the values that it quotes."""
    found = (f"{where}.{name}" if name else where for where, name in _FAULT.findall(report))
    return ", ".join(dict.fromkeys(path.removeprefix("input.") for path in found))


def _credential_errors() -> tuple[type[Exception], ...]:
    from botocore import exceptions

    return (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.NoAuthTokenError,
        exceptions.NoRegionError,
        exceptions.ProfileNotFound,
        exceptions.SSOError,
        exceptions.TokenRetrievalError,
    )


def _clean(said: str, secrets: Sequence[str]) -> str:
    """The vendor's words in one short line, without our keys; nothing of a page of HTML."""
    if "<html" in said.lower() or "<!doctype" in said.lower():
        return "(a page of HTML)"
    for secret in secrets:
        if len(secret) >= 8:
            said = said.replace(secret, "[key]")
    # A value that is quoted back at this length is the caller's content.
    said = _LONG_QUOTE.sub('"…"', said)
    said = " ".join(_KEYS.sub("[key]", said).split())
    return said if len(said) <= 300 else f"{said[:299]}…"
