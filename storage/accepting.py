"""Accepting a turn: the row, its messages and its place in the conversation, in the caller's transaction."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError
from contracts.turns import TurnRequest, TurnState
from storage.messages import insert_messages


@dataclass(frozen=True, slots=True)
class AcceptedTurn:
    """The turn as it now stands. `created` is False where the same key had made it before.

    `interrupts` are the unfinished turns ahead of it, which are to be stopped (`on_busy: interrupt`).
    """

    turn_id: UUID
    state: TurnState
    created: bool
    interrupts: tuple[UUID, ...] = ()


def request_digest(request: TurnRequest, conversation_id: UUID | None) -> bytes:
    """What a request asks, as 32 bytes: equal requests have equal digests."""
    return hashlib.sha256(f"{conversation_id}\n{request.model_dump_json(exclude_none=True)}".encode()).digest()


_INSERT = text("""
    INSERT INTO turns (id, workspace_id, conversation_id, turn_no, state, request, request_digest, idempotency_key, key_id,
                       created_at)
    VALUES (:id, :workspace_id, :conversation_id, :turn_no, 'accepted', CAST(:request AS jsonb), :digest, :key, :key_id, :now)
    ON CONFLICT (id) DO NOTHING
    RETURNING id
""")

_INSERT_MANY = text("""
    INSERT INTO turns (id, workspace_id, conversation_id, turn_no, state, request, request_digest, idempotency_key, key_id,
                       created_at)
    VALUES (:id, :workspace_id, :conversation_id, :turn_no, 'accepted', CAST(:request AS jsonb), :digest, :key, :key_id, :now)
""")

_EXISTING = text("SELECT state, request_digest, workspace_id FROM turns WHERE id = :id")

_LOCK_CONVERSATION = text("""
    SELECT c.next_turn,
           ARRAY(SELECT t.id FROM turns t WHERE t.conversation_id = c.id AND t.state IN ('accepted', 'running')
                  ORDER BY t.turn_no DESC) AS ahead
      FROM conversations c
     WHERE c.id = :id AND c.workspace_id = :workspace_id
       FOR NO KEY UPDATE OF c
""")

_ADVANCE = text("UPDATE conversations SET next_turn = next_turn + 1, updated_at = :now WHERE id = :id")


async def accept_turn(
    connection: AsyncConnection,
    request: TurnRequest,
    *,
    turn_id: UUID,
    workspace_id: UUID,
    conversation_id: UUID | None,
    idempotency_key: str | None,
    now: datetime,
    key_id: UUID | None = None,
) -> AcceptedTurn:
    """Write the turn in state `accepted`, or find the one that the same key made.

    Raises `PerdureError`: `conflict` where the key was used for another request or the conversation is busy and the request
    says `reject`; `not_found` where the workspace has no such conversation. `key_id` is the API key that asks.
    """
    digest = request_digest(request, conversation_id)
    if idempotency_key is not None:
        found = await _find_same(connection, turn_id, digest, idempotency_key)
        if found is not None:
            return found
    turn_no, ahead = None, tuple[UUID, ...]()
    if conversation_id is not None:
        row = (
            await connection.execute(_LOCK_CONVERSATION, {"id": conversation_id, "workspace_id": workspace_id})
        ).one_or_none()
        if row is None:
            raise PerdureError(ErrorKind.NOT_FOUND, f"There is no conversation {conversation_id}.")
        turn_no, ahead = row.next_turn, tuple(row.ahead)
        if ahead and request.on_busy == "reject":
            found = await _find_same(connection, turn_id, digest, idempotency_key)
            if found is not None:
                return found
            raise PerdureError(
                ErrorKind.CONFLICT,
                f"Conversation {conversation_id} is answering turn {ahead[-1]}. Wait for it, cancel it, "
                "or say on_busy queue or interrupt.",
                field="on_busy",
                detail={"turn_id": str(ahead[-1])},
            )
    inserted = (
        await connection.execute(
            _INSERT,
            {
                "id": turn_id,
                "workspace_id": workspace_id,
                "conversation_id": conversation_id,
                "turn_no": turn_no,
                "request": request.model_dump_json(
                    exclude_none=True, exclude={"messages"} if conversation_id else None
                ),
                "digest": digest,
                "key": idempotency_key,
                "key_id": key_id,
                "now": now,
            },
        )
    ).one_or_none()
    if inserted is None:
        found = await _find_same(connection, turn_id, digest, idempotency_key)
        if found is None:
            raise PerdureError(ErrorKind.CONFLICT, f"Turn {turn_id} exists already.")
        return found
    if conversation_id is not None and turn_no is not None:
        await connection.execute(_ADVANCE, {"id": conversation_id, "now": now})
        await insert_messages(
            connection,
            request.messages,
            workspace_id=workspace_id,
            conversation_id=conversation_id,
            turn_id=turn_id,
            turn_no=turn_no,
            now=now,
        )
    return AcceptedTurn(
        turn_id, TurnState.ACCEPTED, created=True, interrupts=ahead if request.on_busy == "interrupt" else ()
    )


async def accept_turns(
    connection: AsyncConnection,
    asked: Sequence[tuple[UUID, TurnRequest]],
    *,
    workspace_id: UUID,
    now: datetime,
    key_id: UUID | None = None,
) -> None:
    """Write many turns that are in no conversation and have no key of their own, in state `accepted`."""
    rows = [
        {
            "id": turn_id,
            "workspace_id": workspace_id,
            "conversation_id": None,
            "turn_no": None,
            "request": request.model_dump_json(exclude_none=True),
            "digest": request_digest(request, None),
            "key": None,
            "key_id": key_id,
            "now": now,
        }
        for turn_id, request in asked
    ]
    await connection.execute(_INSERT_MANY, rows)


async def _find_same(
    connection: AsyncConnection, turn_id: UUID, digest: bytes, idempotency_key: str | None
) -> AcceptedTurn | None:
    row = (await connection.execute(_EXISTING, {"id": turn_id})).one_or_none()
    if row is None:
        return None
    if bytes(row.request_digest) != digest:
        raise PerdureError(
            ErrorKind.CONFLICT,
            f"The idempotency key {idempotency_key!r} was used for a different request (turn {turn_id}). "
            "Send the same request, or another key.",
            field="Idempotency-Key",
            detail={"turn_id": str(turn_id)},
        )
    return AcceptedTurn(turn_id, TurnState(row.state), created=False)
