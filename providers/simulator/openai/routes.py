"""OpenAI's endpoints."""

from array import array
from base64 import b64encode
from typing import Any

import orjson

from contracts.errors import ErrorKind
from providers.simulator.asked import Asked, RejectedError
from providers.simulator.catalogue import CREATED, LISTED
from providers.simulator.directives import MISSING
from providers.simulator.openai import chat_request, errors, responses_request
from providers.simulator.openai.chat_answer import ChatWriter
from providers.simulator.openai.responses_answer import ResponsesWriter
from providers.simulator.pieces import count
from providers.simulator.serving import Endpoint
from providers.simulator.vectors import vector
from providers.simulator.wire import Wire, bearer

WIRE = Wire(
    "openai",
    bearer,
    errors.missing_key,
    errors.reply,
    b"x-request-id",
    ((b"openai-version", b"2020-10-01"), (b"openai-organization", b"org-simulated"), (b"openai-processing-ms", b"1")),
)
_USUAL_DIMENSIONS = 1536
_LARGE_DIMENSIONS = 3072


def _read_embeddings(body: dict[str, Any]) -> Asked:
    model, given = body.get("model"), body.get("input")
    if not isinstance(model, str) or not model:
        raise RejectedError("you must provide a model parameter")
    if not given:
        raise RejectedError(
            "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference."
        )
    asked = Asked("embeddings", model, False, body)
    texts = _texts(given)
    asked.input_tokens = sum(count(text) for text in texts)
    asked.last_user = texts[-1]
    return asked


def _texts(given: Any) -> list[str]:
    """The inputs as texts; an input may also be a list of token numbers."""
    if isinstance(given, str):
        return [given]
    if given and isinstance(given[0], int):
        return [" ".join(map(str, given))]
    return [one if isinstance(one, str) else " ".join(map(str, one)) for one in given]


def _embed(asked: Asked) -> bytes:
    usual = _LARGE_DIMENSIONS if "large" in asked.model else _USUAL_DIMENSIONS
    dimensions = int(asked.body.get("dimensions") or usual)
    as_base64 = asked.body.get("encoding_format") == "base64"
    rows = []
    for index, text in enumerate(_texts(asked.body["input"])):
        values = vector(text, dimensions)
        embedding = b64encode(array("f", values).tobytes()).decode() if as_base64 else values
        rows.append({"object": "embedding", "index": index, "embedding": embedding})
    usage = {"prompt_tokens": asked.input_tokens, "total_tokens": asked.input_tokens}
    return orjson.dumps({"object": "list", "data": rows, "model": asked.model, "usage": usage})


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "simulator"}


def _list_models(_: Asked) -> bytes:
    return orjson.dumps({"object": "list", "data": [_model(name) for name in LISTED["openai"]]})


def _show_model(name: str) -> Endpoint:
    def read(body: dict[str, Any]) -> Asked:
        if name == MISSING:
            message = f"The model '{name}' does not exist"
            raise RejectedError(message, kind=ErrorKind.NOT_FOUND, param="model", code="model_not_found")
        return Asked("models", name, False, body)

    return Endpoint(
        WIRE, "models", read, compute=lambda asked: orjson.dumps(_model(asked.model)), billable=False, has_body=False
    )


_FIXED = {
    ("POST", "/chat/completions"): Endpoint(WIRE, "chat.completions", chat_request.read, ChatWriter),
    ("POST", "/responses"): Endpoint(WIRE, "responses", responses_request.read, ResponsesWriter),
    ("POST", "/embeddings"): Endpoint(WIRE, "embeddings", _read_embeddings, compute=_embed),
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
    """The endpoint at `path`, which begins after `/openai/v1`; None where there is none."""
    if found := _FIXED.get((method, path)):
        return found
    if method == "GET" and path.startswith("/models/"):
        return _show_model(path.removeprefix("/models/"))
    return None
