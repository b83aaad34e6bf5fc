"""The third translation door: our errors become HTTP answers, as problems or in OpenAI's shape."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from api.json import json_bytes
from api.problems import AwayError, HttpError, NoRouteError, TurnFailedError, WrongMethodError
from api.reading import validation_error
from api.unreachable import UNREACHABLE, unreachable_part
from contracts.errors import RULES, ErrorKind, PerdureError


def status_of(error: PerdureError) -> int:
    """The HTTP status of an error."""
    return error.status if isinstance(error, HttpError) else RULES[error.kind].http_status


def problem(error: PerdureError) -> dict[str, Any]:
    """`application/problem+json` (RFC 9457), with the kind, the field at fault, and the ids that a caller can act upon."""
    return {
        "type": f"urn:perdure:error:{error.kind}",
        "title": error.title if isinstance(error, HttpError) else RULES[error.kind].sentence,
        "status": status_of(error),
        "detail": error.message,
        "kind": error.kind.value,
        "field": error.field,
        **error.detail,
        **(error.members if isinstance(error, HttpError) else {}),
    }


_OPENAI_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    429: "rate_limit_error",
}


def openai_error(error: PerdureError, *, code: str | None = None) -> dict[str, Any]:
    """The same in OpenAI's shape (API reference, "Error codes"); `code` is the kind where none is given."""
    status = status_of(error)
    kind = _OPENAI_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    shown = {"message": error.message, "type": kind, "param": error.field, "code": code or error.kind.value}
    return {"error": {**shown, **error.detail}}


def answer(request: Request, error: PerdureError, *, headers: dict[str, str] | None = None) -> Response:
    """The HTTP answer, in the shape of the door that was used."""
    status = status_of(error)
    sent = {**(error.headers if isinstance(error, HttpError) else {}), **(headers or {})}
    if isinstance(error, TurnFailedError):
        sent["X-Perdure-Turn-Id"] = str(error.turn_id)
    if request.url.path.startswith("/v1/"):
        if isinstance(error, TurnFailedError) or status == 409:
            # OpenAI's and Anthropic's clients obey this header; without it they would buy a turn that has failed twice more.
            sent["x-should-retry"] = "false"
        return Response(json_bytes(openai_error(error)), status, sent, media_type="application/json")
    return Response(json_bytes(problem(error)), status, sent, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Translate everything that we know; what is left is `Watched`'s, which stands around the application."""

    async def ours(request: Request, error: Exception) -> Response:
        if not isinstance(error, PerdureError):
            raise error
        return answer(request, error)

    async def invalid(request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        first = error.errors()[0]
        return answer(request, validation_error(first["msg"], ".".join(str(step) for step in first["loc"][1:])))

    async def http(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        method, path = request.method, request.url.path
        match error.status_code:
            case 404:
                return answer(request, NoRouteError(method, path))
            case 405:
                allowed = (error.headers or {}).get("Allow", "")
                return answer(request, WrongMethodError(method, path, allowed), headers={"Allow": allowed})
            case _:
                wrong = PerdureError(ErrorKind.INVALID_REQUEST, f"{error.detail}.")
                return answer(request, wrong)

    async def away(request: Request, error: Exception) -> Response:
        part = unreachable_part(error)
        if part is None:
            raise error
        return answer(request, AwayError(part))

    app.add_exception_handler(PerdureError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    for kind in UNREACHABLE:
        app.add_exception_handler(kind, away)
