"""Google's endpoints. The model and the verb are in the path."""

from functools import partial
from typing import Any

import orjson

from contracts.errors import ErrorKind
from providers.simulator.asked import Asked, RejectedError
from providers.simulator.catalogue import LISTED
from providers.simulator.connection import Connection
from providers.simulator.directives import MISSING
from providers.simulator.google import errors
from providers.simulator.google.answer import GenerateWriter
from providers.simulator.google.request import pick, read
from providers.simulator.pieces import count
from providers.simulator.serving import Endpoint
from providers.simulator.vectors import vector
from providers.simulator.wire import Wire

_USUAL_DIMENSIONS = 3072
_METHODS = ["generateContent", "countTokens", "embedContent"]


def _key(connection: Connection) -> str | None:
    return connection.header(b"x-goog-api-key") or connection.query().get("key") or None


WIRE = Wire(
    "google",
    _key,
    errors.missing_key,
    errors.reply,
    b"x-request-id",
    ((b"vary", b"Origin"),),
    stream_type=b"text/event-stream",
)


class ArrayWriter(GenerateWriter):
    """A stream asked for without `alt=sse`: the chunks come as one JSON array."""

    def whole(self) -> bytes:
        """The array."""
        chunks = (frame.data for frame in self.frames() if frame.data)
        return b"[" + b",\n".join(chunk.removeprefix(b"data: ").rstrip() for chunk in chunks) + b"]"


def _read_count(body: dict[str, Any], *, model: str) -> Asked:
    return read(pick(body, "generateContentRequest") or body, model=model, stream=False, endpoint="countTokens")


def _count(asked: Asked) -> bytes:
    details = [{"modality": "TEXT", "tokenCount": asked.input_tokens}]
    return orjson.dumps({"totalTokens": asked.input_tokens, "promptTokensDetails": details})


def _read_embed(body: dict[str, Any], *, model: str, batch: bool) -> Asked:
    requests = body.get("requests") if batch else [body]
    if not requests or not all(request.get("content") for request in requests):
        raise RejectedError("* EmbedContentRequest.content: contents is not specified\n")
    asked = Asked("embedContent", model, False, body)
    asked.body = {"requests": requests}
    texts = [_text(request) for request in requests]
    asked.input_tokens, asked.last_user = sum(count(text) for text in texts), texts[-1]
    return asked


def _text(request: dict[str, Any]) -> str:
    return "".join(str(part.get("text", "")) for part in request["content"].get("parts") or ())


def _values(request: dict[str, Any]) -> dict[str, Any]:
    wanted = pick(request, "outputDimensionality") or pick(request.get("embedContentConfig"), "outputDimensionality")
    return {"values": vector(_text(request), int(wanted or _USUAL_DIMENSIONS))}


def _embed(asked: Asked, *, batch: bool) -> bytes:
    made = [_values(request) for request in asked.body["requests"]]
    usage = {"promptTokenCount": asked.input_tokens}
    return orjson.dumps(
        {"embeddings": made, "usageMetadata": usage} if batch else {"embedding": made[0], "usageMetadata": usage}
    )


def _model(name: str) -> dict[str, Any]:
    limits = {"inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536}
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        **limits,
        "supportedGenerationMethods": _METHODS,
    }


def _list_models(_: Asked) -> bytes:
    return orjson.dumps({"models": [_model(name) for name in LISTED["google"]]})


def _show_model(name: str) -> Endpoint:
    def read_name(body: dict[str, Any]) -> Asked:
        if name == MISSING:
            raise RejectedError("", kind=ErrorKind.NOT_FOUND)
        return Asked("models", name, False, body)

    return Endpoint(
        WIRE,
        "models",
        read_name,
        compute=lambda asked: orjson.dumps(_model(asked.model)),
        billable=False,
        has_body=False,
    )


_MODELS = Endpoint(
    WIRE, "models", lambda body: Asked("models", "", False, body), compute=_list_models, billable=False, has_body=False
)


def find(method: str, path: str, *, events: bool) -> Endpoint | None:
    """The endpoint at `path`, which begins after the version; None where there is none. `events`: `alt=sse` was asked."""
    if method == "GET":
        if path == "/models":
            return _MODELS
        return _show_model(path.removeprefix("/models/")) if path.startswith("/models/") else None
    model, colon, verb = path.removeprefix("/models/").rpartition(":")
    if not colon or not path.startswith("/models/"):
        return None
    match verb:
        case "generateContent":
            return Endpoint(WIRE, "generateContent", partial(read, model=model, stream=False), GenerateWriter)
        case "streamGenerateContent":
            writer = GenerateWriter if events else ArrayWriter
            return Endpoint(WIRE, "generateContent", partial(read, model=model, stream=events), writer)
        case "countTokens":
            return Endpoint(WIRE, "countTokens", partial(_read_count, model=model), compute=_count, billable=False)
        case "embedContent" | "batchEmbedContents":
            batch = verb == "batchEmbedContents"
            compute = partial(_embed, batch=batch)
            return Endpoint(WIRE, "embedContent", partial(_read_embed, model=model, batch=batch), compute=compute)
        case _:
            return None
