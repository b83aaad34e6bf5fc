"""`/api/conversations`: what a workspace keeps talking about."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import showing
from api.auth import Caller, DoorsOf
from api.bodies import ConversationBody, ConversationChange, TurnBody, path_id, turn_request
from api.documenting import PROBLEM, json_body
from api.json import json_response, read_body
from api.paging import DEFAULT_LIMIT, decode_cursor, encode_cursor, page_limit
from api.turns import EXAMPLE, answer_turn
from contracts.errors import ErrorKind, PerdureError
from storage import conversations, messages

router = APIRouter(prefix="/api/conversations", tags=["conversations"])


@router.post(
    "",
    status_code=201,
    responses=PROBLEM,
    openapi_extra=json_body(ConversationBody, {"title": "Durable workflows", "models": ["sim:sim-fast"]}),
)
async def create_conversation(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Begin a conversation."""
    body = await read_body(request, ConversationBody, limit=doors.max_request_bytes)
    models = tuple(doors.catalog.resolve(name, field=f"models.{at}") for at, name in enumerate(body.models))
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


@router.get("", responses=PROBLEM)
async def list_conversations(
    caller: Caller, doors: DoorsOf, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Response:
    """The workspace's conversations, most recently used first."""
    before = None
    if cursor is not None:
        moment, last_id = decode_cursor(cursor, (str, str))
        try:
            before = (datetime.fromisoformat(moment), UUID(last_id))
        except ValueError:
            raise PerdureError(ErrorKind.INVALID_REQUEST, "The cursor is not one of ours.", field="cursor") from None
    asked = page_limit(limit)
    async with doors.database.begin() as connection:
        found = await conversations.page(connection, workspace_id=caller.workspace_id, before=before, limit=asked + 1)
    shown = found[:asked]
    following = encode_cursor(shown[-1].updated_at.isoformat(), str(shown[-1].id)) if len(found) > asked else None
    return json_response({"data": [showing.conversation(one) for one in shown], "next_cursor": following})


@router.get("/{conversation_id}", responses=PROBLEM)
async def get_conversation(conversation_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """One conversation."""
    found = path_id(conversation_id, "conversation")
    async with doors.database.begin() as connection:
        row = await conversations.find(connection, found, workspace_id=caller.workspace_id)
    return json_response(showing.conversation(row))


@router.patch(
    "/{conversation_id}", responses=PROBLEM, openapi_extra=json_body(ConversationChange, {"title": "A better title"})
)
async def change_conversation(request: Request, conversation_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Change the title, the default models or the metadata."""
    found = path_id(conversation_id, "conversation")
    body = await read_body(request, ConversationChange, limit=doors.max_request_bytes)
    models = None
    if body.models is not None:
        models = tuple(doors.catalog.resolve(name, field=f"models.{at}") for at, name in enumerate(body.models))
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


@router.delete("/{conversation_id}", status_code=204, responses=PROBLEM)
async def delete_conversation(conversation_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Delete the conversation and everything said in it, for good. The ledger keeps its rows."""
    found = path_id(conversation_id, "conversation")
    async with doors.database.begin() as connection:
        await conversations.delete(connection, found, workspace_id=caller.workspace_id)
    return Response(status_code=204)


@router.get("/{conversation_id}/messages", responses=PROBLEM)
async def list_messages(
    conversation_id: str, caller: Caller, doors: DoorsOf, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Response:
    """What was said, oldest first."""
    found = path_id(conversation_id, "conversation")
    turn_no, position = decode_cursor(cursor, (int, int)) if cursor is not None else (0, -1)
    asked = page_limit(limit)
    async with doors.database.begin() as connection:
        await conversations.find(connection, found, workspace_id=caller.workspace_id)
        said = await messages.page(connection, found, after=(turn_no, position), limit=asked + 1)
    shown = said[:asked]
    following = encode_cursor(shown[-1].turn_no, shown[-1].position) if len(said) > asked else None
    return json_response({"data": [showing.message(one) for one in shown], "next_cursor": following})


@router.post("/{conversation_id}/turns", status_code=202, responses=PROBLEM, openapi_extra=json_body(TurnBody, EXAMPLE))
async def create_turn(
    request: Request, conversation_id: str, caller: Caller, doors: DoorsOf, stream: bool = False, wait: float = 0
) -> Response:
    """Say something in the conversation; answered as `POST /api/turns` is."""
    found = path_id(conversation_id, "conversation")
    body = await read_body(request, TurnBody, limit=doors.max_request_bytes)
    async with doors.database.begin() as connection:
        row = await conversations.find(connection, found, workspace_id=caller.workspace_id)
    asked = turn_request(body, doors, row.models)
    return await answer_turn(request, doors, caller, asked, found, stream=stream, wait=wait)
