"""`/api/conversations`: what a workspace keeps talking about."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import examples, showing
from api.asking import answers_tools, turn_request
from api.auth import Caller, DoorsOf
from api.bodies import ConversationBody, ConversationChange, TurnBody, path_id
from api.documenting import documented, json_body
from api.json import json_response
from api.naming import names_for, resolved
from api.paging import DEFAULT_LIMIT, decode_moment, decode_place, encode_moment, encode_place, page_limit
from api.reading import read_body
from api.turns import ANSWERS, answer_turn
from storage import conversations, messages

router = APIRouter(prefix="/api/conversations", tags=["conversations"])
_LAST = 2**31 - 1
"""Beyond the last turn of any conversation."""


@router.post(
    "",
    status_code=201,
    responses=documented({201: ("The conversation.", examples.CONVERSATION)}, errors=(400, 401, 404, 413, 503)),
    openapi_extra=json_body(ConversationBody, {"title": "Durable workflows", "models": ["sim:sim-fast"]}),
)
async def create_conversation(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Begin a conversation."""
    body = await read_body(request, ConversationBody, limit=doors.max_request_bytes)
    models = resolved(body.models, await names_for(doors, caller))
    async with doors.database.begin() as connection:
        made = await conversations.create(
            connection,
            workspace_id=caller.workspace_id,
            title=body.title,
            models=models,
            metadata=body.metadata,
            now=doors.clock(),
        )
    return json_response(showing.conversation(made), 201, {"Location": f"/api/conversations/{made.id}"})


@router.get(
    "",
    responses=documented({200: ("A page.", {"data": [examples.CONVERSATION], "next_cursor": None})}, errors=(400, 401)),
)
async def list_conversations(
    caller: Caller, doors: DoorsOf, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Response:
    """The workspace's conversations, most recently used first."""
    before = None if cursor is None else decode_moment(cursor)
    asked = page_limit(limit)
    async with doors.database.begin() as connection:
        found = await conversations.page(connection, workspace_id=caller.workspace_id, before=before, limit=asked + 1)
    shown = found[:asked]
    following = encode_moment(shown[-1].updated_at, shown[-1].id) if len(found) > asked else None
    return json_response({"data": [showing.conversation(one) for one in shown], "next_cursor": following})


@router.get(
    "/{conversation_id}",
    responses=documented({200: ("The conversation.", examples.CONVERSATION)}, errors=(401, 404)),
)
async def get_conversation(conversation_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """One conversation."""
    found = path_id(conversation_id, "conversation")
    async with doors.database.begin() as connection:
        row = await conversations.find(connection, found, workspace_id=caller.workspace_id)
    return json_response(showing.conversation(row))


@router.patch(
    "/{conversation_id}",
    responses=documented({200: ("The conversation as it is now.", examples.CONVERSATION)}, errors=(400, 401, 404)),
    openapi_extra=json_body(ConversationChange, {"title": "A better title"}),
)
async def change_conversation(request: Request, conversation_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Change the title, the default models or the metadata."""
    found = path_id(conversation_id, "conversation")
    body = await read_body(request, ConversationChange, limit=doors.max_request_bytes)
    models = None
    if body.models is not None:
        models = resolved(body.models, await names_for(doors, caller))
    async with doors.database.begin() as connection:
        row = await conversations.update(
            connection,
            found,
            workspace_id=caller.workspace_id,
            set_title="title" in body.model_fields_set,
            title=body.title,
            models=models,
            metadata=body.metadata,
            now=doors.clock(),
        )
    return json_response(showing.conversation(row))


@router.delete(
    "/{conversation_id}",
    status_code=204,
    responses=documented({204: ("It is gone.", None)}, errors=(401, 404, 409)),
)
async def delete_conversation(conversation_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Delete the conversation and everything said in it, for good. The ledger keeps its rows."""
    found = path_id(conversation_id, "conversation")
    async with doors.database.begin() as connection:
        await conversations.delete(connection, found, workspace_id=caller.workspace_id)
    return Response(status_code=204)


@router.get(
    "/{conversation_id}/messages",
    responses=documented({200: ("A page.", {"data": [examples.MESSAGE], "next_cursor": None})}, errors=(400, 401, 404)),
)
async def list_messages(
    conversation_id: str, caller: Caller, doors: DoorsOf, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Response:
    """What was said, oldest first. `next_cursor` is null at the end; it stays good when more is said."""
    found = path_id(conversation_id, "conversation")
    after = (0, -1) if cursor is None else decode_place(cursor)
    asked = page_limit(limit)
    async with doors.database.begin() as connection:
        await conversations.find(connection, found, workspace_id=caller.workspace_id)
        said = await messages.page(connection, found, after=after, limit=asked + 1)
    shown = said[:asked]
    following = encode_place(shown[-1].turn_no or 0, shown[-1].position) if len(said) > asked else None
    return json_response({"data": [showing.message(one) for one in shown], "next_cursor": following})


@router.post(
    "/{conversation_id}/turns",
    status_code=202,
    responses=ANSWERS,
    openapi_extra=json_body(TurnBody, examples.TURN_BODY),
)
async def create_turn(
    request: Request, conversation_id: str, caller: Caller, doors: DoorsOf, stream: bool = False, wait: float = 0
) -> Response:
    """Say something in the conversation; answered as `POST /api/turns` is. One turn of a conversation runs at a time."""
    found = path_id(conversation_id, "conversation")
    body = await read_body(request, TurnBody, limit=doors.max_request_bytes)
    async with doors.database.begin() as connection:
        row = await conversations.find(connection, found, workspace_id=caller.workspace_id)
        said = await messages.history(connection, found, turn_no=_LAST) if answers_tools(body.messages) else ()
    asked = turn_request(body, await names_for(doors, caller), defaults=row.models, history=said)
    return await answer_turn(request, doors, caller, asked, found, stream=stream, wait=wait)
