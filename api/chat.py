"""`/api/chat`: a conversation whose model changes, as chat front ends ask for it."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import AliasChoices, Field

from api import examples_routes as shapes
from api.asking import turn_request
from api.auth import Caller, DoorsOf
from api.bodies import Body, KnobsBody, RoutingBody, TurnBody, path_id
from api.documenting import documented, json_body
from api.json import json_response
from api.naming import ROUTED, chosen, names_for
from api.reading import read_body
from api.turns import ANSWERS, answer_turn
from contracts.turns import OnBusy
from domain.fitting import fit
from domain.switching import lost_at
from domain.tokens import roughly
from storage import conversations, messages

router = APIRouter(prefix="/api/chat", tags=["chat"])
_LAST = 2**31 - 1
"""Beyond the last turn of any conversation."""
WAIT = 120.0
"""Seconds that `send-with-model` waits for the answer, where the caller says nothing else."""


class SendBody(Body):
    """What the user says, and who shall answer: `model_id`, or whoever routing chooses. Without a conversation one begins."""

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
    """Which model goes on with the conversation; `auto` lets routing choose from now on."""

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
    """Say something and have it answered by a model of one's choice, or by routing's where none is named.

    Answered as `POST /api/turns` is, but it waits two minutes unless `wait` says otherwise. `preserve_context` false: the model
    sees the instructions and this message only. What the model was not sent of the conversation is in the result's `dropped`.
    """
    body = await read_body(request, SendBody, limit=doors.max_request_bytes)
    names = await names_for(doors, caller)
    found: UUID
    if body.conversation_id is None:
        asked = turn_request(_turn_body(body, body.model_id), names)
        async with doors.database.begin() as connection:
            made = await conversations.create(
                connection,
                workspace_id=caller.workspace_id,
                title=None,
                models=asked.models,
                metadata={},
                now=doors.clock(),
            )
        found = made.id
    else:
        found = path_id(body.conversation_id, "conversation")
        async with doors.database.begin() as connection:
            await conversations.find(connection, found, workspace_id=caller.workspace_id)
        asked = turn_request(_turn_body(body, body.model_id or ROUTED), names)
    asked = asked.model_copy(update={"fresh": not body.preserve_context})
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
    found = path_id(body.conversation_id, "conversation")
    names = await names_for(doors, caller)
    models, _ = chosen(body.new_model_id, (), RoutingBody(), names)
    async with doors.database.begin() as connection:
        before = await conversations.find(connection, found, workspace_id=caller.workspace_id)
        said = await messages.history(connection, found, turn_no=_LAST)
        await conversations.switch(
            connection,
            found,
            workspace_id=caller.workspace_id,
            models=models,
            afresh=not body.preserve_context,
            now=doors.clock(),
        )
    kept = said if body.preserve_context else ()
    dropped: tuple[str, ...] = ()
    left_out = 0
    if models:
        entry = names.catalog.entry(models[0])
        dropped = lost_at(kept, provider=models[0].provider, capabilities=entry.capabilities)
        left_out = fit(kept, window=entry.window, answer_room=None, count=roughly).left_out
    shown = {
        "conversation_id": str(found),
        "model": str(models[0]) if models else ROUTED,
        "previous_models": [str(model) for model in before.models],
        "preserve_context": body.preserve_context,
        "messages": len(kept),
        "dropped": list(dropped),
        "left_out": left_out,
    }
    return json_response(shown)


def _turn_body(body: SendBody, model: str | None) -> TurnBody:
    return TurnBody(content=body.message, model=model, routing=body.routing, knobs=body.knobs, on_busy=body.on_busy)
