"""The third translation door: our errors become HTTP answers, as problems or in OpenAI's shape."""

from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from temporalio.service import RPCError

from api.json import json_bytes
from api.problems import BodyTooLargeError, UnauthenticatedError
from contracts.errors import RULES, ErrorKind, PerdureError

log = structlog.get_logger("perdure.api")


def status_of(error: PerdureError) -> int:
    """The HTTP status of an error."""
    match error:
        case BodyTooLargeError():
            return 413
        case UnauthenticatedError():
            return 401
        case _:
            return RULES[error.kind].http_status


def problem(error: PerdureError, status: int) -> dict[str, Any]:
    """`application/problem+json` (RFC 9457), with the kind and the field at fault."""
    return {
        "type": f"urn:perdure:error:{error.kind}",
        "title": RULES[error.kind].sentence,
        "status": status,
        "detail": error.message,
        "kind": error.kind.value,
        "field": error.field,
        **error.detail,
    }


_OPENAI_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    429: "rate_limit_error",
}


def openai_error(error: PerdureError, status: int) -> dict[str, Any]:
    """The same in OpenAI's shape."""
    kind = _OPENAI_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {
        "error": {
            "message": error.message,
            "type": kind,
            "param": error.field,
            "code": error.kind.value,
            **error.detail,
        }
    }


def answer(request: Request, error: PerdureError, *, headers: dict[str, str] | None = None) -> Response:
    """The HTTP answer in the shape of the door that was used."""
    status = status_of(error)
    sent = dict(headers or {})
    if status == 401:
        sent["WWW-Authenticate"] = "Bearer"
    if request.url.path.startswith("/v1/"):
        return Response(json_bytes(openai_error(error, status)), status, sent, media_type="application/json")
    return Response(json_bytes(problem(error, status)), status, sent, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Translate everything that can be raised."""

    async def ours(request: Request, error: Exception) -> Response:
        if not isinstance(error, PerdureError):
            raise TypeError("this handler is for our own errors") from error
        return answer(request, error)

    async def invalid(request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise TypeError("this handler is for validation errors") from error
        first = error.errors()[0]
        field = ".".join(str(step) for step in first["loc"][1:])
        return answer(request, PerdureError(ErrorKind.INVALID_REQUEST, f"{field}: {first['msg']}.", field=field))

    async def http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        kind = ErrorKind.NOT_FOUND if status == 404 else ErrorKind.INVALID_REQUEST
        message = f"There is nothing at {request.method} {request.url.path}. See /docs."
        body = problem(PerdureError(kind, message), status)
        return Response(json_bytes(body), status, media_type="application/problem+json")

    async def away(request: Request, error: Exception) -> Response:
        part = "The database" if isinstance(error, DBAPIError | OSError) else "Temporal"
        log.warning("a part is away", part=part, error=type(error).__name__)
        wrapped = PerdureError(ErrorKind.OVERLOADED, f"{part} cannot be reached for the moment. Try again.")
        return answer(request, wrapped, headers={"Retry-After": "1"})

    async def unexpected(request: Request, error: Exception) -> Response:
        incident = uuid4().hex[:12]
        log.error("request failed", incident=incident, path=request.url.path, exc_info=error)
        wrapped = PerdureError(ErrorKind.INTERNAL, f"Something failed on our side; the log has it as {incident}.")
        return answer(request, wrapped)

    app.add_exception_handler(PerdureError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    for kind in (DBAPIError, OSError, RPCError):
        app.add_exception_handler(kind, away)
    app.add_exception_handler(Exception, unexpected)
