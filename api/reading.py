"""A request's body: bounded, JSON, of the asked shape; whatever is wrong with it is named by its field."""

from collections.abc import Sequence
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from api.parsing import parse_json
from api.problems import BodyTooLargeError
from contracts.errors import ErrorKind, PerdureError

Body = TypeVar("Body", bound=BaseModel)


async def read_body(request: Request, model: type[Body], *, limit: int) -> Body:
    """The request's body as a `model`. Raises `invalid_request` that names the field or the place, 413 beyond `limit` bytes."""
    value = parse_json(await read_bytes(request, limit))
    try:
        return model.model_validate(value)
    except ValidationError as error:
        # Of a union's branches the one that got furthest is the one that was meant.
        found = [
            (field_path(one["loc"], value), one["msg"])
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        path, message = max(found, key=lambda one: len(one[0]))
        raise validation_error(message, ".".join(path)) from None


def validation_error(message: str, field: str) -> PerdureError:
    """Pydantic's words as an error of ours. They name what was expected and never quote what was sent."""
    said = message.removeprefix("Value error, ")
    return PerdureError(ErrorKind.INVALID_REQUEST, f"{field or 'body'}: {said}.", field=field or None)


def field_path(location: Sequence[int | str], value: Any) -> list[str]:
    """Where in `value` a validation failed: pydantic's location without the names of union members and validators."""
    path: list[str] = []
    for number, step in enumerate(location):
        match value, step:
            case dict(), str() if step in value:
                value = value[step]
            case list(), int() if step < len(value):
                value = value[step]
            case dict(), str() if number == len(location) - 1:
                # A field that is missing.
                value = None
            case _:
                continue
        path.append(str(step))
    return path


async def read_bytes(request: Request, limit: int) -> bytes:
    """The body. Raises 413 as soon as it is known to be larger than `limit` bytes, whatever its length was said to be."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise BodyTooLargeError(limit)
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise BodyTooLargeError(limit)
        pieces.append(piece)
    return b"".join(pieces)
