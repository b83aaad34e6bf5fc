"""Answering one request of a batch: what serving does, without a connection."""

from typing import Any

from contracts.errors import ErrorKind
from providers.simulator.answers import answer_to
from providers.simulator.replies import Reply
from providers.simulator.serving import Reading


class Offline(Reading):
    """Requests of one endpoint that nobody waits for."""

    def answer(self, body: dict[str, Any], *, key: str, name: str, batch: str) -> tuple[int, bytes]:
        """The HTTP status and body that the request would have had; it is logged and billed as a call."""
        state, endpoint = self._state, self._endpoint
        asked, refusal = self._read(body)
        if refusal is None and asked.stream:
            refusal = self._error(ErrorKind.INVALID_REQUEST, asked, "Streaming is not supported in batches.")
        call = state.calls.open(
            vendor=self._wire.vendor,
            endpoint=endpoint.name,
            model=asked.model,
            key=key,
            client_request_id=name,
            stream=False,
            billable=endpoint.billable,
        )
        call.batch = batch
        if refusal is None:
            behaviour = state.behaviour(call, key=key, text=asked.last_user)
            refusal = self._refusal(asked, behaviour)
        if refusal is not None:
            return self._refused(call, refusal)
        writer_of = endpoint.writer
        assert writer_of is not None
        answer = answer_to(asked, behaviour, state.seed, cache_known=state.caches(key, asked.cache_prefix))
        call.input, call.output, call.reasoning = asked.input_tokens, answer.output, answer.reasoning
        call.cached, call.cache_write, call.status = answer.cached, answer.cache_write, 200
        writer = writer_of(asked, answer, identity=state.identity(), created=int(state.clock()))
        state.calls.close(call, "completed")
        return 200, writer.whole()

    def _refused(self, call: Any, reply: Reply) -> tuple[int, bytes]:
        call.status = reply.status
        self._state.calls.close(call, "error")
        return reply.status, reply.body
