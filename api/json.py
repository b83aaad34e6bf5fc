"""JSON as it goes out."""

from decimal import Decimal
from typing import Any

import orjson
from fastapi.responses import Response
from pydantic import BaseModel


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
