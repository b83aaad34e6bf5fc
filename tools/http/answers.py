"""From an HTTP answer to what a tool says."""

import json
from base64 import b64encode
from typing import Any

from contracts.parts import BytesSource, ImagePart, ResultPart
from contracts.tools import ToolError
from tools.http.sending import SAFE_METHODS, Answer
from tools.protocol import ToolOutput

_TEXTUAL = ("text/", "application/xml", "application/javascript", "application/x-www-form-urlencoded")
_SHOWN_HEADERS = ("content-type", "etag", "last-modified", "link", "location", "retry-after")
_ERROR_CHARS = 2_000


def output_of(answer: Answer) -> ToolOutput:
    """Status, the telling headers and the body: JSON as it is, text as text, images beside it, other bytes only counted."""
    body, media = _body(answer)
    headers = {name: answer.headers[name] for name in _SHOWN_HEADERS if name in answer.headers}
    shown = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    note = "\n[Cut: the answer was longer than the limit.]" if answer.cut else ""
    return ToolOutput(
        data={"status": answer.status, "headers": headers, "body": body},
        text=f"HTTP {answer.status}\n{shown}{note}",
        media=media,
        truncated=answer.cut,
    )


def raise_for(answer: Answer, method: str, *, repeatable: bool) -> None:
    """Raises `ToolError` for statuses from 400 on. A request that failed inside the server may have been carried out."""
    if answer.status < 400:
        return
    body, _ = _body(answer)
    shown = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    raise ToolError(
        f"HTTP {answer.status}: {shown[:_ERROR_CHARS]}",
        maybe_done=method not in SAFE_METHODS and not repeatable and (answer.status >= 500 or answer.status == 408),
        temporary=answer.status in (408, 425, 429) or answer.status >= 500,
        retry_after=retry_after(answer),
    )


def retry_after(answer: Answer) -> float | None:
    """The seconds that the server asks to wait, where it says a number (RFC 9110, 10.2.3)."""
    said = answer.headers.get("retry-after", "").strip()
    return float(said) if said.isascii() and said.isdigit() and len(said) < 7 else None


def json_of(answer: Answer) -> Any:
    """The body as JSON. Raises ValueError where it is none."""
    try:
        return json.loads(answer.body)
    except (UnicodeDecodeError, RecursionError) as problem:
        raise ValueError("no JSON") from problem


def _body(answer: Answer) -> tuple[Any, tuple[ResultPart, ...]]:
    kind = answer.media_type
    if kind.endswith("json") and not answer.cut:
        try:
            return json_of(answer), ()
        except ValueError:
            return answer.text, ()
    if kind.startswith("image/") and not answer.cut:
        source = BytesSource(media_type=kind, content=b64encode(answer.body).decode())
        return f"[an image, {len(answer.body)} bytes]", (ImagePart(source=source),)
    if kind.startswith(_TEXTUAL) or kind.endswith(("json", "+xml")) or (not kind and b"\0" not in answer.body):
        return answer.text, ()
    return f"[{len(answer.body)} bytes of {kind or 'unknown type'}, not shown]", ()
