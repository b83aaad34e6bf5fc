"""`/v1/chat/completions`."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from functools import partial
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import examples
from api.auth import authenticate, get_doors
from api.documenting import documented, json_body
from api.doors import Doors
from api.errors import openai_error
from api.following import failure_of, follow, load, newest_attempt, stored_end, wait_for_end
from api.json import json_response
from api.naming import ROUTED, Names, names_for
from api.openai.bodies import ChatBody
from api.openai.chunks import Chunks
from api.openai.decode import decode, ignored_fields
from api.openai.encode import completion
from api.openai.headers import with_headers
from api.openai.refusing import invalid
from api.openai.splice import DivergedError
from api.problems import TurnFailedError
from api.reading import read_body
from api.sse import STILL_HERE, event
from api.streaming import EventStream, until_disconnected
from api.submitting import cancel, given_key, submit
from contracts.errors import ErrorKind
from contracts.streams import StreamRecord
from contracts.turns import TurnRequest, TurnResult
from storage.accepting import AcceptedTurn
from storage.keys import ApiKey

router = APIRouter(prefix="/v1", tags=["OpenAI"])
DONE = b"data: [DONE]\n\n"


@router.post(
    "/chat/completions",
    openapi_extra=json_body(ChatBody, examples.COMPLETION_BODY),
    responses=documented(
        {200: ("The completion; with `stream`, its chunks as server-sent events.", examples.COMPLETION)},
        errors=(400, 401, 404, 409, 413, 429, 502, 503, 504),
        openai=True,
    ),
)
async def create_completion(request: Request) -> Response:
    """A chat completion, as OpenAI's clients ask for it; each is a durable turn.

    An `Idempotency-Key` names the turn: sent again, the same answer comes and is paid once. `X-Perdure-On-Disconnect` says
    whether the turn is cancelled when the client goes (`cancel`, the default without a key) or finishes (`finish`, with one).

    A stream takes nothing back. When an attempt fails in its midst, what the next one repeats of the text and tool calls is
    passed over; where it says something else, the stream ends with an error of code `stream_diverged`, and the whole answer
    is the turn's. Reasoning is shown as it comes.

    The model `auto` lets routing choose, `auto:cost` by which strategy, and with `models` among these. For clients that cannot
    add fields, `X-Perdure-Strategy`, `X-Perdure-Fallbacks` (models with commas between) and `X-Perdure-Max-Price` (USD) stand
    in for `routing.strategy`, `models` and `routing.max_price`, where the body does not say these.
    """
    # FastAPI's dependencies would cost a third of a millisecond on the path that has to be fast.
    doors, caller = get_doors(request), await authenticate(request)
    body = with_headers(await read_body(request, ChatBody, limit=doors.max_request_bytes), request.headers)
    names = await names_for(doors, caller)
    asked, ignored = decode(body, names), ignored_fields(body)
    key = given_key(request.headers)
    cancels = _cancels_on_leaving(request.headers, key)
    accepted = await submit(doors, caller, asked, idempotency_key=key)
    stopping = partial(cancel, doors, caller, accepted.turn_id) if cancels else None
    model = asked.models[0].model if len(asked.models) == 1 else None
    if body.stream:
        chunks = Chunks(
            accepted.turn_id,
            model=model,
            created=int(doors.clock().timestamp()),
            include_usage=body.stream_options is not None and body.stream_options.include_usage,
            ignored=ignored,
        )
        headers = {
            "X-Perdure-Turn-Id": str(accepted.turn_id),
            "X-Perdure-Simulated": str(_is_simulated(asked, names)).lower(),
        }
        events = _stream(doors, accepted, chunks)
        return EventStream(events, headers, open_streams=doors.metrics.streams, on_leave=stopping)
    waiting = asyncio.create_task(wait_for_end(doors, accepted.turn_id, finished=accepted.state.finished))
    leaving = asyncio.create_task(until_disconnected(request.receive))
    try:
        await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        if not waiting.done():
            waiting.cancel()
    if not waiting.done():
        if stopping is not None:
            await stopping()
        return Response(status_code=499)
    return await _whole(doors, caller, waiting.result(), model=model, ignored=ignored)


def _is_simulated(asked: TurnRequest, names: Names) -> bool:
    """No real model can answer: none of those that were named, or where none was, of any provider."""
    providers = [model.provider for model in asked.models] or list(names.catalog.offers)
    return all(names.catalog.simulated(provider) for provider in providers)


def _cancels_on_leaving(headers: Mapping[str, str], key: str | None) -> bool:
    match headers.get("x-perdure-on-disconnect"):
        case "cancel":
            return True
        case "finish":
            return False
        case None:
            return key is None
        case other:
            raise invalid("X-Perdure-On-Disconnect", f"it is cancel or finish, not {other[:40]!r}")


async def _whole(
    doors: Doors, caller: ApiKey, result: TurnResult, *, model: str | None, ignored: tuple[str, ...]
) -> Response:
    if (failed := failure_of(result)) is not None:
        raise failed
    row, said = await load(doors, result.turn_id, workspace_id=caller.workspace_id)
    parts = next(message.message.parts for message in said if message.id == result.message_id)
    shown = model or (result.model.model if result.model else ROUTED)
    answer = completion(result, parts, created=int(row.created_at.timestamp()), model=shown, ignored=ignored)
    headers = {
        "X-Perdure-Turn-Id": str(result.turn_id),
        # An open provider's model may be named by any character; a header may not.
        "X-Perdure-Model": quote(str(result.model), safe=":/-._~@+ "),
        "X-Perdure-Attempts": str(result.attempts),
        "X-Perdure-Cost": str(result.cost.total if result.cost else 0),
        "X-Perdure-Simulated": str(result.simulated).lower(),
    }
    return json_response(answer, 200, headers)


async def _stream(doors: Doors, accepted: AcceptedTurn, chunks: Chunks) -> AsyncGenerator[bytes, None]:
    async for record in await _records(doors, accepted):
        if record is None:
            yield STILL_HERE
            continue
        try:
            pieces = [event(chunk) for chunk in chunks.add(record)]
        except DivergedError:
            doors.metrics.diverged.inc()
            yield event(_diverged(accepted))
            return
        if isinstance(record.body, TurnResult):
            failed = failure_of(record.body)
            pieces.append(DONE if failed is None else event(openai_error(failed)))
        if pieces:
            yield b"".join(pieces)


async def _records(doors: Doors, accepted: AcceptedTurn) -> AsyncIterator[StreamRecord | None]:
    """The turn's records for a client who has nothing yet: what failed attempts said need not trouble it."""
    if accepted.created:
        return follow(doors, accepted.turn_id)
    if accepted.state.finished and (stored := await stored_end(doors, accepted.turn_id)) is not None:
        return _given(stored)
    return follow(doors, accepted.turn_id, await newest_attempt(doors, accepted.turn_id))


async def _given(records: list[StreamRecord]) -> AsyncIterator[StreamRecord]:
    for record in records:
        yield record


def _diverged(accepted: AcceptedTurn) -> dict[str, object]:
    message = (
        "The provider failed in the middle of the answer, and the new attempt began differently. What was sent cannot be taken "
        f"back; the whole answer is turn {accepted.turn_id} at /api/turns/{accepted.turn_id}."
    )
    error = TurnFailedError(ErrorKind.UNAVAILABLE, message, accepted.turn_id)
    return openai_error(error, code="stream_diverged")
