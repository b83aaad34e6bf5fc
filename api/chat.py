"""`/api/chat`: a conversation whose model changes, as chat front ends ask for it."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import AliasChoices, Field

from api import examples_routes as shapes
from api.asking import check_prompt, turn_request
from api.auth import Caller, DoorsOf
from api.bodies import Body, KnobsBody, RoutingBody, TurnBody, path_id
from api.documenting import documented, json_body
from api.doors import Doors
from api.json import json_response
from api.naming import ROUTED, Names, is_routed, names_for
from api.reading import read_body
from api.submitting import check_key, given_key
from api.turns import ANSWERS, answer_turn, check_wait
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import keyed_conversation_id
from contracts.models import ModelRef
from contracts.parts import Message
from contracts.turns import OnBusy, TurnRequest
from domain.fitting import fit
from domain.switching import lost_at, taken_by
from domain.tokens import roughly
from storage import conversations, messages
from storage.keys import ApiKey

router = APIRouter(prefix="/api/chat", tags=["chat"])
_LAST = 2**31 - 1
"""Beyond the last turn of any conversation."""
WAIT = 120.0
"""Seconds that `send-with-model` waits for the answer, where the caller says nothing else."""


class SendBody(Body):
    """What the user says, and who shall answer: `model_id`, or the conversation's model, or whoever routing chooses.

    Without a conversation one begins, with the model that was named as its own.
    """

    conversation_id: str | None = Field(
        default=None, validation_alias=AliasChoices("conversation_id", "conversationId")
    )
    message: str = Field(min_length=1)
    model_id: str | None = Field(default=None, validation_alias=AliasChoices("model_id", "modelId", "model"))
    preserve_context: bool = Field(default=True, validation_alias=AliasChoices("preserve_context", "preserveContext"))
    routing: RoutingBody = RoutingBody()
    knobs: KnobsBody = KnobsBody()
    on_busy: OnBusy = "reject"


class SwitchBody(Body):
    """Which model goes on with the conversation. `auto`: none of its own, so that each turn is routed (or the deployment's
    default model answers)."""

    conversation_id: str = Field(validation_alias=AliasChoices("conversation_id", "conversationId"))
    new_model_id: str = Field(
        min_length=1, max_length=300, validation_alias=AliasChoices("new_model_id", "newModelId", "model")
    )
    preserve_context: bool = Field(default=True, validation_alias=AliasChoices("preserve_context", "preserveContext"))


@router.post(
    "/send-with-model",
    status_code=202,
    responses=ANSWERS,
    openapi_extra=json_body(SendBody, shapes.SEND_BODY),
)
async def send_with_model(
    request: Request, caller: Caller, doors: DoorsOf, stream: bool = False, wait: float = WAIT
) -> Response:
    """Say something and have it answered by a model of one's choice, else by the conversation's, else by routing's.

    Answered as `POST /api/turns` is, but it waits two minutes unless `wait` says otherwise. `preserve_context` false: the model
    sees the instructions and this message only. What the model was not sent of the conversation is in the result's `dropped`.
    """
    check_wait(wait)
    body = await read_body(request, SendBody, limit=doors.max_request_bytes)
    names = await names_for(doors, caller)
    if body.conversation_id is None:
        asked = _asked(body, names)
        found = await _begun(doors, caller, asked, given_key(request.headers))
    else:
        found = path_id(body.conversation_id, "conversation", field="conversation_id")
        async with doors.database.begin() as connection:
            row = await conversations.find(connection, found, workspace_id=caller.workspace_id)
        asked = _asked(body, names, row.models)
    return await answer_turn(request, doors, caller, asked, found, stream=stream, wait=wait)


@router.post(
    "/switch-model",
    responses=documented(
        {200: ("The conversation's model from now on, and what it will not see.", shapes.SWITCHED)},
        errors=(400, 401, 404, 413),
    ),
    openapi_extra=json_body(SwitchBody, shapes.SWITCH_BODY),
)
async def switch_model(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Let another model go on with a conversation.

    Text, tool calls and their results go along, and images where the model takes them. `dropped` lists what does not;
    `left_out` is about how many of the oldest messages are beyond its window. Nothing stored is changed: a model that takes
    more sees it all again. With `preserve_context` false the conversation begins afresh, its instructions kept.
    """
    body = await read_body(request, SwitchBody, limit=doors.max_request_bytes)
    found = path_id(body.conversation_id, "conversation", field="conversation_id")
    names = await names_for(doors, caller)
    models = _switched(body.new_model_id, names)
    async with doors.database.begin() as connection:
        before = await conversations.find(connection, found, workspace_id=caller.workspace_id)
        since = int(before.context_metadata.get("from_turn", 0))
        said = await messages.history(connection, found, turn_no=_LAST, from_turn=since)
        await conversations.switch(
            connection,
            found,
            workspace_id=caller.workspace_id,
            models=models,
            afresh=not body.preserve_context,
            now=doors.clock(),
        )
    kept = tuple(message for message in said if body.preserve_context or _instructs(message))
    dropped: tuple[str, ...] = ()
    left_out = 0
    if models:
        entry = names.catalog.entry(models[0])
        dropped = lost_at(kept, provider=models[0].provider, capabilities=taken_by(entry))
        left_out = fit(kept, window=entry.window, answer_room=None, count=roughly).left_out
    shown = {
        "conversation_id": str(found),
        "model": str(models[0]) if models else names.default or ROUTED,
        "previous_models": [str(model) for model in before.models],
        "preserve_context": body.preserve_context,
        "messages": len(kept),
        "dropped": list(dropped),
        "left_out": left_out,
    }
    return json_response(shown)


def _switched(name: str, names: Names) -> tuple[ModelRef, ...]:
    """The conversation's models from now on. Raises `invalid_request` for a strategy, which a conversation does not keep."""
    if name == ROUTED:
        return ()
    if is_routed(name):
        message = f"A conversation keeps no strategy. Switch to {ROUTED}, and say {name[:100]} with each message."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field="new_model_id")
    return (names.catalog.resolve(name, field="new_model_id"),)


def _asked(body: SendBody, names: Names, defaults: tuple[ModelRef, ...] = ()) -> TurnRequest:
    check_prompt(body.message, field="message")
    turn = TurnBody(
        content=body.message, model=body.model_id, routing=body.routing, knobs=body.knobs, on_busy=body.on_busy
    )
    asked = turn_request(turn, names, defaults=defaults, model_field="model_id")
    return asked.model_copy(update={"fresh": not body.preserve_context})


async def _begun(doors: Doors, caller: ApiKey, asked: TurnRequest, key: str | None) -> UUID:
    """A conversation for the turn; the same key finds the same one, so that it finds the same turn."""
    check_key(key)
    async with doors.database.begin() as connection:
        made = await conversations.create(
            connection,
            workspace_id=caller.workspace_id,
            title=None,
            models=asked.models,
            metadata={},
            now=doors.clock(),
            conversation_id=None if key is None else keyed_conversation_id(caller.workspace_id, key),
        )
    return made.id


def _instructs(message: Message) -> bool:
    return message.role in ("system", "developer")
