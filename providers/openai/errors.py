"""What OpenAI's wires and SDK raise, as error kinds: read from the body first, from the status only where the body is silent."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.errors import RULES, ErrorKind, ProviderError
from providers.openai.error_words import BY_CODE, BY_SENTENCE, BY_STATUS, PREFILL
from providers.openai.shapes import as_dict, as_text
from providers.retry_after import retry_after
from providers.unforeseen import unforeseen

_LONGEST = 300
_KEYS = re.compile(r"\b(?:sk|gsk|xai|pplx|key|csk|r8|nvapi)[-_][\w*-]{6,}", re.IGNORECASE)
_QUOTE = re.compile(r"""\"[^"]*"|`[^`]*`|(?<!\w)'[^']*'(?!\w)""")
_LONGEST_QUOTE = 62
_HTML = re.compile(r"\s*<(?:!doctype|html|head|body|center|h1)\b", re.IGNORECASE)
_CALLERS_FAULT = frozenset({400, 404, 405, 413, 415, 422})
_FOREVER = frozenset(
    {
        ErrorKind.CONTEXT_OVERFLOW,
        ErrorKind.AUTHENTICATION,
        ErrorKind.CONTENT_REFUSED,
        ErrorKind.NOT_FOUND,
        ErrorKind.UNAVAILABLE,
    }
)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a body says: `words` are its codes and types, most telling first."""

    message: str = ""
    words: tuple[str, ...] = ()
    param: str | None = None
    status: int | None = None


def translate(error: Exception, *, provider: str, secret: str) -> ProviderError:
    """The error for whatever was raised while the SDK called or we read. Keeps no text of a prompt or an answer.

    `secret` is our key, taken out of every message.
    """
    import httpx2
    import openai

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, openai.APIStatusError):
        response = error.response
        try:
            body: Any = json.loads(response.text)
        except ValueError:
            body = response.text
        return translate_body(response.status_code, body, response.headers, provider=provider, secret=secret)
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException | TimeoutError):
        message = f"{provider} did not answer in time ({type(error).__name__}): ask again, or another provider"
        kind = ErrorKind.UNAVAILABLE if _is_connect(error) else ErrorKind.TIMEOUT
        return ProviderError(kind, message, provider=provider)
    if isinstance(error, openai.APIConnectionError | httpx2.TransportError | OSError):
        cause = error.__cause__ or error
        message = f"the connection to {provider} failed ({type(cause).__name__}): see that it is reachable"
        return ProviderError(ErrorKind.UNAVAILABLE, message, provider=provider)
    if isinstance(error, openai.APIError) and error.body is not None:
        # The SDK raises the `error` object of an event inside a stream that began well.
        return translate_body(None, {"error": error.body}, {}, provider=provider, secret=secret)
    if isinstance(error, openai.OpenAIError) and not isinstance(error, openai.APIError):
        # The SDK itself found no credentials, or could not sign; its text may hold what it was given.
        message = (
            f"{provider}: no credentials could be found or used ({type(error).__name__}): see how it is configured"
        )
        return ProviderError(ErrorKind.AUTHENTICATION, message, provider=provider)
    return unforeseen(error, provider=provider)


def translate_body(
    status: int | None, body: Any, headers: Mapping[str, str], *, provider: str, secret: str
) -> ProviderError:
    """The error for an answer that is not a success (`status`), or that is told inside a stream (`status` None).

    `body` is the decoded JSON where there was any, else the text.
    """
    said = _read(body)
    status = status or said.status
    kind = _kind(status, said)
    shown = _clean(said.message, secret)
    name = f"HTTP {status}" if status else "an error in its stream"
    word = next((word for word in said.words if word), None)
    wait = None
    if RULES[kind].retry_same:
        wait = retry_after(headers, now=datetime.now(UTC), message=said.message)
    return ProviderError(
        kind,
        f"{provider} answered {name}" + (f" ({word})" if word else "") + (f": {shown}" if shown else ""),
        provider=provider,
        status=status,
        retry_after=wait,
        provider_code=word,
        field=said.param if kind is ErrorKind.INVALID_REQUEST else None,
        prefill_refused=kind is ErrorKind.INVALID_REQUEST and bool(PREFILL.search(said.message)),
    )


def _kind(status: int | None, said: _Said) -> ErrorKind:
    by_code = next((BY_CODE[word.lower()] for word in said.words if word.lower() in BY_CODE), None)
    by_sentence = next(
        (
            kind
            for pattern, kind in BY_SENTENCE
            # A caller's mistake may speak of limits and timeouts (of an image's download, say) and stays a mistake.
            if (status not in _CALLERS_FAULT or kind in _FOREVER) and pattern.search(said.message)
        ),
        None,
    )
    if by_sentence is ErrorKind.CONTEXT_OVERFLOW and by_code in (None, ErrorKind.RATE_LIMITED):
        return by_sentence
    if by_code is not None:
        return by_code
    if status is not None and status >= 500 and by_sentence in (None, ErrorKind.NOT_FOUND):
        return BY_STATUS.get(status, ErrorKind.UNAVAILABLE)
    if by_sentence is not None:
        return by_sentence
    if status == 404 and (said.param or "").startswith("input"):
        # An item of the conversation is gone from the vendor's store; the model is there.
        return ErrorKind.INVALID_REQUEST
    if status in BY_STATUS:
        return BY_STATUS[status]
    if (status is not None and 400 <= status < 500) or "invalid_request_error" in said.words:
        return ErrorKind.INVALID_REQUEST
    return ErrorKind.UNAVAILABLE


def _read(body: Any) -> _Said:
    """The facts of a body in any of the shapes that are about: nested, flat, a list of one, text, HTML."""
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, str):
        return _Said() if _HTML.match(body) else _Said(message=body)
    if not isinstance(body, dict):
        return _Said()
    inner = body.get("error", body)
    if not isinstance(inner, dict):
        return _Said(message=str(inner), words=_words(body))
    hidden = _hidden(inner)
    if hidden is not None:
        return hidden
    code = inner.get("code")
    number = inner.get("status_code", code)
    return _Said(
        message=_message(inner) or _message(body),
        words=_words(inner),
        param=as_text(inner.get("param")) or None,
        status=number if isinstance(number, int) and 400 <= number < 600 else None,
    )


def _hidden(error: dict[str, Any]) -> _Said | None:
    """The upstream's own error, which OpenRouter wraps in `metadata.raw`: JSON, or a sentence."""
    raw = as_dict(error.get("metadata")).get("raw")
    if not isinstance(raw, str | dict) or not raw:
        return None
    status = error.get("code") if isinstance(error.get("code"), int) else None
    try:
        upstream = _read(json.loads(raw) if isinstance(raw, str) else raw)
    except ValueError:
        upstream = _Said(message=str(raw))
    return _Said(upstream.message, upstream.words, upstream.param, status or upstream.status)


def _words(error: dict[str, Any]) -> tuple[str, ...]:
    inner = as_dict(error.get("innererror"))
    values = (error.get("code"), inner.get("code"), error.get("type"), error.get("__type"), error.get("status"))
    # A number is a vendor's own code, unless it repeats the HTTP status (OpenRouter).
    texts = (str(value) for value in values if isinstance(value, str) or (isinstance(value, int) and value > 599))
    return tuple(text for text in texts if text not in ("error", ""))


def _message(error: dict[str, Any]) -> str:
    for name in ("message", "detail", "error_description", "msg"):
        value = error.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, list) and value and isinstance(value[0], dict):
            # FastAPI's list of what does not validate: vLLM and others.
            where = ".".join(str(step) for step in value[0].get("loc") or ())
            return f"{where}: {value[0].get('msg') or ''}"
    return ""


def _clean(message: str, secret: str) -> str:
    """The vendor's sentence without keys, without long quotes (which may be of a prompt), and not too long."""
    text = message.replace(secret, "[key]") if secret else message
    text = _QUOTE.sub(lambda quote: quote[0] if len(quote[0]) <= _LONGEST_QUOTE else "[…]", _KEYS.sub("[key]", text))
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _is_connect(error: BaseException) -> bool:
    """Whether a timeout was one of connecting: then nobody was there, rather than slow."""
    import httpx2

    return isinstance(error, httpx2.ConnectTimeout) or isinstance(error.__cause__, httpx2.ConnectTimeout)
