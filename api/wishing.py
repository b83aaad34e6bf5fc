"""Asking routing what it would do, without calling anybody."""

from dataclasses import replace
from functools import partial
from uuid import UUID

from api.doors import Doors
from api.rights import within_rights
from contracts.parts import Message, TextPart
from contracts.routing import RoutingContext
from contracts.turns import LastAnswer, TurnRequest
from domain.routing.planning import Ready
from storage import conversations, preferences, turns
from storage.keys import ApiKey

_LAST = 2**31 - 1
"""Beyond the last turn of any conversation."""


async def ready_for(
    doors: Doors,
    caller: ApiKey,
    request: TurnRequest,
    *,
    conversation_id: UUID | None = None,
    further_tokens: int = 0,
) -> Ready:
    """What a plan of the request would be made from now. `further_tokens` of a prompt are to come beside what it says.

    Raises `not_found` for a conversation that the workspace has not.
    """
    now = doors.clock()
    request = within_rights(request, caller)
    async with doors.database.begin() as connection:
        last: LastAnswer | None = None
        if conversation_id is not None:
            await conversations.find(connection, conversation_id, workspace_id=caller.workspace_id)
            last = await turns.last_answer(connection, conversation_id, before=_LAST)
        ready = await doors.planner.gather(
            request,
            workspace_id=caller.workspace_id,
            last=last,
            liked=partial(preferences.liked, connection, caller.workspace_id, request.knobs.user or "", now=now),
            seed="",
            now=now,
        )
    if not further_tokens:
        return ready
    asked = ready.asked.needs
    least = None if asked.least_input_tokens is None else asked.least_input_tokens + further_tokens
    needs = replace(asked, input_tokens=asked.input_tokens + further_tokens, least_input_tokens=least)
    return replace(ready, asked=replace(ready.asked, needs=needs))


def wish(text: str, routing: RoutingContext, **changes: object) -> TurnRequest:
    """A request that says `text`, or nothing."""
    return TurnRequest(
        messages=(Message(role="user", parts=(TextPart(text=text),) if text else ()),),
        routing=routing,
        **changes,
    )
