"""JSON as it goes out and comes in."""

from decimal import Decimal
from typing import Any, TypeVar

import orjson
from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError

from api.problems import BodyTooLargeError
from contracts.errors import ErrorKind, PerdureError

Body = TypeVar("Body", bound=BaseModel)


def _default(value: Any) -> Any:
    match value:
        case BaseModel():
            return value.model_dump(mode="json", exclude_none=True)
        case Decimal():
            return str(value)
        case _:
            raise TypeError(f"{type(value).__name__} is not JSON")


def json_bytes(value: Any) -> bytes:
    """Compact JSON. Pydantic models go without their unset fields; amounts of money are strings, so none loses a digit."""
    return orjson.dumps(value, default=_default)


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(json_bytes(value), status, headers, media_type="application/json")


async def read_body(request: Request, model: type[Body], *, limit: int) -> Body:
    """The request's body as a `model`. Raises `invalid_request` that names the field or the place, 413 beyond `limit` bytes."""
    value = _parse(await _read(request, limit))
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(step) for step in first["loc"])
        more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise PerdureError(
            ErrorKind.INVALID_REQUEST, f"{field or 'body'}: {first['msg']}{more}.", field=field or None
        ) from None


async def _read(request: Request, limit: int) -> bytes:
    too_large = BodyTooLargeError(ErrorKind.INVALID_REQUEST, f"The request's body is larger than {limit:,} bytes.")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise too_large
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise too_large
        pieces.append(piece)
    return b"".join(pieces)


def _parse(body: bytes) -> Any:
    if not body:
        raise PerdureError(ErrorKind.INVALID_REQUEST, "The request has no body; send JSON.")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"The request's body is not JSON: {error}.") from None
    if b"\\u0000" in body and (path := _find_nul(value, "")) is not None:
        raise PerdureError(
            ErrorKind.INVALID_REQUEST, f"{path}: a NUL character cannot be stored. Remove it.", field=path
        )
    return value


def _find_nul(value: Any, path: str) -> str | None:
    match value:
        case str():
            return path if "\0" in value else None
        case dict():
            named = ((f"{path}.{key}" if path else key, inner) for key, inner in value.items())
            if any("\0" in key for key in value):
                return path or "body"
        case list():
            named = ((f"{path}.{index}", inner) for index, inner in enumerate(value))
        case _:
            return None
    return next((found for where, inner in named if (found := _find_nul(inner, where)) is not None), None)
