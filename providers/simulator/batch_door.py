"""Serving the batch APIs: taking batches in, telling how far they are, and what came of them."""

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from contracts.errors import ErrorKind
from providers.simulator.batches import Batches
from providers.simulator.behaviour import PLAIN, Behaviour
from providers.simulator.connection import CallerLeftError, Connection, HungUpError
from providers.simulator.replies import Reply, Trouble
from providers.simulator.serving import BAD_KEY
from providers.simulator.state import State
from providers.simulator.wire import Wire

CREATED = "batches"
"""The endpoint of a batch's creation, in the log and for scenarios; whatever else is asked is `batches.look`."""


@dataclass(frozen=True, slots=True)
class Question:
    """One request about batches. `path` begins where its wire's batch paths differ, `behaviour` is for a batch that it makes."""

    state: State
    batches: Batches
    connection: Connection
    key: str
    path: str
    body: bytes
    behaviour: Behaviour = PLAIN


Answer = Callable[[Question], Reply]


@dataclass(frozen=True, slots=True)
class BatchRoute:
    """How a wire answers. `creates`: the request makes a batch."""

    wire: Wire
    path: str
    answer: Answer
    creates: bool = False


class BatchDoor:
    """Answers what is asked of the batch APIs."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._batches = Batches()
        state.forgets.append(self._batches.clear)

    async def serve(self, connection: Connection, route: BatchRoute) -> None:
        """Answer one request."""
        state, wire = self._state, route.wire
        body = await connection.body()
        key = wire.key(connection)
        call = state.calls.open(
            vendor=wire.vendor,
            endpoint=CREATED if route.creates else f"{CREATED}.look",
            model="",
            key=key or "",
            client_request_id=connection.header(b"x-client-request-id"),
            stream=False,
            billable=False,
        )
        try:
            behaviour = state.behaviour(call, key=key or "", text="") if key not in (None, BAD_KEY) else PLAIN
            if key is None:
                reply = wire.missing_key()
            elif key == BAD_KEY or behaviour.error is not None:
                kind = ErrorKind.AUTHENTICATION if behaviour.error is None else behaviour.error.error_kind
                reply = wire.error(kind, Trouble("", CREATED), behaviour.error, state.clock())
            else:
                question = Question(state, self._batches, connection, key, route.path, body, behaviour)
                try:
                    reply = route.answer(question)
                except (AttributeError, KeyError, TypeError, ValueError, orjson.JSONDecodeError) as problem:
                    message = f"The request has a field of the wrong type ({type(problem).__name__})."
                    trouble = Trouble("", CREATED, message=message)
                    reply = wire.error(ErrorKind.INVALID_REQUEST, trouble, None, state.clock())
            if behaviour.drop_connection:
                await connection.hang_up()
                state.calls.close(call, "cut")
                return
            if behaviour.hold_until_released:
                await state.holding.hold(call.seq, connection)
            await connection.reply(reply.status, reply.body, reply.headers)
            state.calls.close(call, "completed" if reply.status < 400 else "error")
        except HungUpError:
            state.calls.close(call, "cut")
            raise
        except CallerLeftError:
            state.calls.close(call, "disconnected")
        finally:
            call.status = connection.status
            state.calls.close(call, "disconnected")
