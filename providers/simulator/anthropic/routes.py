"""Anthropic's endpoints."""

from functools import partial
from typing import Any

import orjson

from contracts.errors import ErrorKind
from providers.simulator.anthropic import errors, request
from providers.simulator.anthropic.answer import MessageWriter
from providers.simulator.asked import Asked, RejectedError
from providers.simulator.catalogue import CREATED_ISO, LISTED
from providers.simulator.connection import Connection
from providers.simulator.directives import MISSING
from providers.simulator.serving import Endpoint
from providers.simulator.wire import Wire, bearer


def _key(connection: Connection) -> str | None:
    return connection.header(b"x-api-key") or bearer(connection)


WIRE = Wire(
    "anthropic",
    _key,
    errors.missing_key,
    errors.reply,
    b"request-id",
    ((b"anthropic-organization-id", b"00000000-0000-4000-8000-000000000000"), (b"cache-control", b"no-cache")),
)


def _model(name: str) -> dict[str, Any]:
    return {"type": "model", "id": name, "display_name": name, "created_at": CREATED_ISO}


def _list_models(_: Asked) -> bytes:
    names = LISTED["anthropic"]
    rows = [_model(name) for name in names]
    return orjson.dumps({"data": rows, "has_more": False, "first_id": names[0], "last_id": names[-1]})


def _show_model(name: str) -> Endpoint:
    def read(body: dict[str, Any]) -> Asked:
        if name == MISSING:
            raise RejectedError(f"model: {name}", kind=ErrorKind.NOT_FOUND)
        return Asked("models", name, False, body)

    return Endpoint(
        WIRE, "models", read, compute=lambda asked: orjson.dumps(_model(asked.model)), billable=False, has_body=False
    )


_FIXED = {
    ("POST", "/messages"): Endpoint(WIRE, "messages", request.read, MessageWriter),
    ("POST", "/messages/count_tokens"): Endpoint(
        WIRE,
        "count_tokens",
        partial(request.read, endpoint="count_tokens"),
        compute=lambda asked: orjson.dumps({"input_tokens": asked.input_tokens}),
        billable=False,
    ),
    ("GET", "/models"): Endpoint(
        WIRE,
        "models",
        lambda body: Asked("models", "", False, body),
        compute=_list_models,
        billable=False,
        has_body=False,
    ),
}


def find(method: str, path: str) -> Endpoint | None:
    """The endpoint at `path`, which begins after `/anthropic/v1`; None where there is none."""
    if found := _FIXED.get((method, path)):
        return found
    if method == "GET" and path.startswith("/models/"):
        return _show_model(path.removeprefix("/models/"))
    return None
