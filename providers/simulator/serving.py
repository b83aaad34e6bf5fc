"""Serving one call of a vendor's wire: let it in, decide how it behaves, answer, and write down what it bills."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from contracts.errors import ErrorKind
from providers.simulator.answers import answer_to
from providers.simulator.asked import Asked, RejectedError
from providers.simulator.behaviour import Behaviour
from providers.simulator.calls import Call
from providers.simulator.connection import CallerLeftError, Connection, HungUpError
from providers.simulator.frames import WriterOf
from providers.simulator.playing import Player, StalledError, begin
from providers.simulator.replies import Reply, Trouble
from providers.simulator.state import State
from providers.simulator.wire import Wire

BAD_KEY = "bad-key"
"""The one API key that is always refused."""
Read = Callable[[dict[str, Any]], Asked]
Compute = Callable[[Asked], bytes]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of a wire: how it reads, and either how it writes an answer or what it computes at once.

    `has_body` is False for those that are asked with GET.
    """

    wire: Wire
    name: str
    read: Read
    writer: WriterOf | None = None
    compute: Compute | None = None
    billable: bool = True
    has_body: bool = True


class Reading:
    """What a request asks for, and why it is refused."""

    def __init__(self, state: State, endpoint: Endpoint) -> None:
        self._state = state
        self._endpoint = endpoint
        self._wire = endpoint.wire

    def _read(self, content: Any) -> tuple[Asked, Reply | None]:
        """The request, or an empty one with the reply that refuses it."""
        nothing = Asked(self._endpoint.name, "", False, {})
        if not isinstance(content, dict):
            return nothing, self._error(ErrorKind.INVALID_REQUEST, nothing, "The request's body must be a JSON object.")
        model = content.get("model")
        nothing.model = model if isinstance(model, str) else ""
        try:
            return self._endpoint.read(content), None
        except RejectedError as rejected:
            return nothing, self._error(rejected.kind, nothing, rejected.message, rejected.param, rejected.code)
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            message = f"The request has a field of the wrong type ({type(problem).__name__})."
            return nothing, self._error(ErrorKind.INVALID_REQUEST, nothing, message)

    def _refusal(self, asked: Asked, behaviour: Behaviour) -> Reply | None:
        """The error to answer with at once, if any."""
        fault = behaviour.error
        if fault is not None and not (fault.in_stream and asked.stream):
            return self._error(fault.error_kind, asked, behaviour=behaviour)
        if behaviour.reject_prefill and asked.prefill is not None:
            return self._error(ErrorKind.INVALID_REQUEST, asked, _PREFILL[self._wire.vendor])
        if behaviour.context_window is not None and asked.input_tokens > behaviour.context_window:
            return self._error(ErrorKind.CONTEXT_OVERFLOW, asked, behaviour=behaviour)
        return None

    def _error(
        self,
        kind: ErrorKind,
        asked: Asked,
        message: str | None = None,
        param: str | None = None,
        code: str | None = None,
        behaviour: Behaviour | None = None,
    ) -> Reply:
        window = None if behaviour is None else behaviour.context_window
        trouble = Trouble(
            asked.model, self._endpoint.name, asked.stream, asked.input_tokens, window, message, param, code
        )
        return self._wire.error(kind, trouble, None if behaviour is None else behaviour.error, self._state.clock())


class Serving(Reading):
    """One call being served."""

    def __init__(self, state: State, connection: Connection, endpoint: Endpoint) -> None:
        super().__init__(state, endpoint)
        self._connection = connection

    async def run(self) -> None:
        """Serve it to its end. A caller that leaves ends it as well."""
        connection = self._connection
        body = await connection.body() if self._endpoint.has_body else b"{}"
        key = self._wire.key(connection)
        asked, refusal = self._parse(body)
        call = self._state.calls.open(
            vendor=self._wire.vendor,
            endpoint=self._endpoint.name,
            model=asked.model,
            key=key or "",
            client_request_id=connection.header(b"x-client-request-id"),
            stream=asked.stream,
            billable=self._endpoint.billable,
        )
        try:
            if key is None:
                await self._refuse(call, self._wire.missing_key())
            elif key == BAD_KEY:
                await self._refuse(call, self._error(ErrorKind.AUTHENTICATION, asked))
            elif refusal is not None:
                await self._refuse(call, refusal)
            else:
                await self._answer(call, asked, key)
        except StalledError:
            self._state.calls.close(call, "stalled")
        except CallerLeftError:
            self._state.calls.close(call, "disconnected")
        except HungUpError:
            self._state.calls.close(call, "cut")
            raise
        finally:
            call.status = connection.status
            self._state.calls.close(call, "disconnected")

    def _parse(self, body: bytes) -> tuple[Asked, Reply | None]:
        try:
            content = orjson.loads(body)
        except orjson.JSONDecodeError as problem:
            nothing = Asked(self._endpoint.name, "", False, {})
            message = f"We could not parse the JSON body of your request. ({problem.msg} at character {problem.pos})"
            return nothing, self._error(ErrorKind.INVALID_REQUEST, nothing, message)
        return self._read(content)

    async def _answer(self, call: Call, asked: Asked, key: str) -> None:
        state, connection = self._state, self._connection
        behaviour = state.behaviour(call, key=key, text=asked.last_user)
        if behaviour.drop_connection:
            await connection.hang_up()
            state.calls.close(call, "cut")
            return
        if refusal := self._refusal(asked, behaviour):
            if behaviour.first_token_delay:
                await connection.wait(behaviour.first_token_delay)
            await self._refuse(call, refusal)
            return
        call.input = asked.input_tokens
        if self._endpoint.compute is not None:
            await begin(connection, call, behaviour, state.holding)
            content = self._endpoint.compute(asked)
            await connection.reply(200, content, self._headers(b"application/json"))
            state.calls.close(call, "completed")
            return
        writer_of = self._endpoint.writer
        assert writer_of is not None
        answer = answer_to(asked, behaviour, state.seed, cache_known=state.caches(key, asked.cache_prefix))
        call.cached, call.cache_write = answer.cached, answer.cache_write
        shown = behaviour.reasoning is not None
        writer = writer_of(asked, answer, identity=state.identity(), created=int(state.clock()), reasoning_given=shown)
        await begin(connection, call, behaviour, state.holding)
        player = Player(connection, call, behaviour, state.holding)
        if asked.stream:
            outcome = await player.stream(writer, self._headers(self._wire.stream_type))
        else:
            outcome = await player.whole(writer, answer, self._headers(b"application/json"))
        state.calls.close(call, outcome)

    async def _refuse(self, call: Call, reply: Reply) -> None:
        request_id = (self._wire.request_id, f"req_{self._state.identity()}".encode())
        await self._connection.reply(reply.status, reply.body, (*reply.headers, request_id))
        self._state.calls.close(call, "error")

    def _headers(self, content_type: bytes) -> list[tuple[bytes, bytes]]:
        request_id = (self._wire.request_id, f"req_{self._state.identity()}".encode())
        return [(b"content-type", content_type), request_id, *self._wire.headers]


_PREFILL = {
    "openai": "Invalid value: 'assistant'. The last message must have the role 'user' or 'tool'.",
    "anthropic": "This model does not support assistant message prefill. The conversation must end with a user message.",
    "google": "Please ensure that multiturn requests ends with a user role or a function response.",
}


async def refuse_oversized(connection: Connection, wire: Wire, now: float) -> None:
    """Answer a request whose body is too large to read."""
    reply = wire.error(
        ErrorKind.INVALID_REQUEST, Trouble("", "", message="The request's body is too large."), None, now
    )
    await connection.reply(413, reply.body, reply.headers)
