"""`/v1/chat/completions` and `/v1/models`."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.auth import Caller, DoorsOf
from api.documenting import json_body
from api.doors import Doors
from api.errors import openai_error, status_of
from api.following import follow, load, raise_failure, wait_for_end
from api.json import json_response, read_body
from api.openai.bodies import ChatBody
from api.openai.chunks import Chunks
from api.openai.decode import decode, ignored_fields
from api.openai.encode import completion
from api.openai.splice import DivergedError
from api.sse import STILL_HERE, event, stream_response
from api.submitting import cancel, submit
from contracts.errors import ErrorKind, PerdureError
from contracts.turns import TurnRequest, TurnResult
from storage.accepting import AcceptedTurn
from storage.keys import ApiKey

router = APIRouter(prefix="/v1", tags=["OpenAI"])

EXAMPLE = {"model": "sim:sim-fast", "messages": [{"role": "user", "content": "What is a durable workflow?"}]}


@router.post("/chat/completions", openapi_extra=json_body(ChatBody, EXAMPLE))
async def create_completion(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """A chat completion, as OpenAI's clients ask for it; each is a durable turn.

    An `Idempotency-Key` names the turn: sent again, the same answer comes and is paid once. `X-Perdure-On-Disconnect` says
    whether the turn is cancelled when the client goes (`cancel`, the default without a key) or finishes (`finish`, with one).
    """
    body = await read_body(request, ChatBody, limit=doors.max_request_bytes)
    asked = decode(body, doors)
    idempotency_key = request.headers.get("idempotency-key")
    cancels = _cancels_on_disconnect(request, idempotency_key)
    accepted = await submit(doors, caller, asked, idempotency_key=idempotency_key)
    headers = {
        "X-Perdure-Turn-Id": str(accepted.turn_id),
        "X-Perdure-Simulated": str(doors.catalog.simulated(asked.models[0].provider)).lower(),
    }
    if body.stream:
        chunks = Chunks(
            accepted.turn_id,
            model=asked.models[0].model,
            created=int(doors.clock().timestamp()),
            include_usage=body.stream_options is not None and body.stream_options.include_usage,
            ignored=ignored_fields(body),
        )
        return stream_response(_stream(doors, caller, accepted, chunks, cancels=cancels), headers)
    return await _whole(request, doors, caller, asked, accepted, headers, ignored_fields(body), cancels=cancels)


@router.get("/models")
async def list_models(caller: Caller, doors: DoorsOf) -> Response:
    """The models of the configured providers."""
    return json_response({"object": "list", "data": [_model(doors, str(ref)) for ref in doors.catalog.models]})


@router.get("/models/{name:path}")
async def get_model(name: str, caller: Caller, doors: DoorsOf) -> Response:
    """One model."""
    return json_response(_model(doors, str(doors.catalog.resolve(name))))


def _model(doors: Doors, name: str) -> dict[str, Any]:
    provider = name.partition(":")[0]
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": provider,
        "simulated": doors.catalog.simulated(provider),
    }


def _cancels_on_disconnect(request: Request, idempotency_key: str | None) -> bool:
    match request.headers.get("x-perdure-on-disconnect"):
        case "cancel":
            return True
        case "finish":
            return False
        case None:
            return idempotency_key is None
        case other:
            raise PerdureError(
                ErrorKind.INVALID_REQUEST,
                f"X-Perdure-On-Disconnect is cancel or finish, not {other[:40]!r}.",
                field="X-Perdure-On-Disconnect",
            )


async def _whole(
    request: Request,
    doors: Doors,
    caller: ApiKey,
    asked: TurnRequest,
    accepted: AcceptedTurn,
    headers: dict[str, str],
    ignored: tuple[str, ...],
    *,
    cancels: bool,
) -> Response:
    waiting = asyncio.ensure_future(wait_for_end(doors, accepted.turn_id))
    leaving = asyncio.ensure_future(_until_disconnected(request))
    try:
        await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            if cancels:
                await cancel(doors, caller, accepted.turn_id)
            return Response(status_code=499)
        result = waiting.result()
    finally:
        waiting.cancel()
        leaving.cancel()
    raise_failure(result)
    row, said = await load(doors, accepted.turn_id, workspace_id=caller.workspace_id)
    parts = next(message.message.parts for message in said if message.id == result.message_id)
    answer = completion(
        result, parts, created=int(row.created_at.timestamp()), model=asked.models[0].model, ignored=ignored
    )
    headers |= {
        "X-Perdure-Model": str(result.model),
        "X-Perdure-Attempts": str(result.attempts),
        "X-Perdure-Cost": str(result.cost.total if result.cost else 0),
        "X-Perdure-Simulated": str(result.simulated).lower(),
    }
    return json_response(answer, 200, headers)


async def _until_disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue


async def _stream(
    doors: Doors, caller: ApiKey, accepted: AcceptedTurn, chunks: Chunks, *, cancels: bool
) -> AsyncIterator[bytes]:
    ended = False
    try:
        async for record in follow(doors, accepted.turn_id):
            if record is None:
                yield STILL_HERE
                continue
            try:
                pieces = [event(chunk) for chunk in chunks.add(record)]
            except DivergedError:
                ended = True
                yield event(_diverged(accepted))
                return
            if isinstance(record.body, TurnResult):
                ended = True
                pieces += _last_words(record.body)
            if pieces:
                yield b"".join(pieces)
    finally:
        if not ended and cancels:
            # The client is gone: what it would have read is not worth paying for.
            await asyncio.shield(cancel(doors, caller, accepted.turn_id))


def _last_words(result: TurnResult) -> list[bytes]:
    try:
        raise_failure(result)
    except PerdureError as error:
        return [event(openai_error(error, status_of(error)))]
    return [b"data: [DONE]\n\n"]


def _diverged(accepted: AcceptedTurn) -> dict[str, Any]:
    message = (
        "The provider failed in the middle of the answer, and the new attempt began differently. What was sent cannot be taken "
        f"back; the whole answer is turn {accepted.turn_id} at /api/turns/{accepted.turn_id}."
    )
    detail = {"turn_id": str(accepted.turn_id)}
    shaped = openai_error(PerdureError(ErrorKind.UNAVAILABLE, message, detail=detail), 502)
    shaped["error"]["code"] = "stream_diverged"
    return shaped
