"""Playing an answer: at its pace, up to its faults, billing what is sent."""

import asyncio
import time
from collections.abc import Iterator
from enum import IntEnum

from providers.simulator.answers import Answer
from providers.simulator.behaviour import Behaviour
from providers.simulator.calls import Call, Outcome
from providers.simulator.connection import CallerLeftError, Connection
from providers.simulator.frames import FINISH, HEAD, LAST, REASONING, Frame, Writer
from providers.simulator.holding import Holding

_YIELD_EVERY = 16
_EARLY = 0.004
"""Tokens that are due within so many seconds are sent together: a thousand streams must not mean a timer per token."""


class _Point(IntEnum):
    """What happens after so many tokens; of several at one place, in this order."""

    HOLD = 0
    MALFORMED = 1
    STALL = 2
    ERROR = 3
    CUT = 4


def _points(behaviour: Behaviour) -> list[tuple[int, _Point]]:
    """Where something happens, the last first."""
    points: list[tuple[int, _Point]] = []
    if behaviour.hold_until_released and behaviour.hold_after:
        points.append((behaviour.hold_after, _Point.HOLD))
    if behaviour.malformed_event_after is not None:
        points.append((behaviour.malformed_event_after, _Point.MALFORMED))
    if behaviour.stall_after is not None:
        points.append((behaviour.stall_after, _Point.STALL))
    if behaviour.error is not None and behaviour.error.in_stream:
        points.append((behaviour.error.after, _Point.ERROR))
    if behaviour.cut_after is not None:
        points.append((behaviour.cut_after, _Point.CUT))
    return sorted(points, reverse=True)


async def begin(connection: Connection, call: Call, behaviour: Behaviour, holding: Holding) -> None:
    """What comes before the first byte of an answer: the delay and the hold."""
    if behaviour.first_token_delay:
        await connection.wait(behaviour.first_token_delay)
    if behaviour.hold_until_released and not behaviour.hold_after:
        await holding.hold(call.seq, connection)


class Player:
    """Sends one answer and keeps the call's bill as it goes."""

    def __init__(self, connection: Connection, call: Call, behaviour: Behaviour, holding: Holding) -> None:
        self._connection = connection
        self._call = call
        self._behaviour = behaviour
        self._holding = holding
        self._points = _points(behaviour)
        self._buffer: list[bytes] = []
        self._started = 0.0

    async def stream(self, writer: Writer, headers: list[tuple[bytes, bytes]]) -> Outcome:
        """Send the answer as events. Returns how it ended; raises `CallerLeftError`."""
        call, behaviour, points, buffer = self._call, self._behaviour, self._points, self._buffer
        omit_last = behaviour.omit_last_event
        omit_finish = behaviour.omit_finish or (omit_last and writer.closes_with_finish)
        rate = behaviour.tokens_per_second
        await self._connection.start(200, headers)
        self._started = time.monotonic()
        played = 0
        for frame in self._frames(writer):
            kind = frame.kind
            if kind != HEAD:
                while points and (points[-1][0] <= call.output or kind >= FINISH):
                    if ended := await self._happen(points.pop()[1], writer):
                        return ended
                if rate and frame.tokens:
                    await self._pace(rate)
            if (omit_finish and kind == FINISH) or (omit_last and kind == LAST):
                continue
            if frame.data:
                buffer.append(frame.data)
            if kind == HEAD:
                continue
            call.output += frame.tokens
            if kind == REASONING:
                call.reasoning += frame.tokens
            if buffer and not rate and kind < FINISH:
                await self._flush()
                played += 1
                if not played % _YIELD_EVERY:
                    await asyncio.sleep(0)
                    self._connection.check()
        await self._connection.write(b"".join(buffer), more=False)
        return "completed"

    async def whole(self, writer: Writer, answer: Answer, headers: list[tuple[bytes, bytes]]) -> Outcome:
        """Send the answer as one body, after the time that its tokens take. Returns how it ended; raises `CallerLeftError`."""
        call, rate = self._call, self._behaviour.tokens_per_second
        self._started = time.monotonic()
        for place, point in reversed(self._points):
            reached = min(place, answer.output)
            if rate:
                await self._pace(rate, reached)
            match point:
                case _Point.HOLD:
                    await self._hold()
                case _Point.STALL:
                    await self._stall()
                case _Point.CUT:
                    call.output, call.reasoning = reached, min(reached, answer.reasoning)
                    await self._cut_whole(writer.whole(), headers)
                    return "cut"
                case _Point.MALFORMED:
                    call.output, call.reasoning = answer.output, answer.reasoning
                    body = writer.whole()
                    await self._connection.reply(200, body[: len(body) // 2], headers)
                    return "completed"
                case _Point.ERROR:
                    raise AssertionError("an error in a whole answer is sent before it is played")
        if rate:
            await self._pace(rate, answer.output)
        call.output, call.reasoning = answer.output, answer.reasoning
        await self._connection.reply(200, writer.whole(), headers)
        return "completed"

    def _frames(self, writer: Writer) -> Iterator[Frame]:
        return iter(writer.frames())

    async def _happen(self, point: _Point, writer: Writer) -> Outcome | None:
        """Do what is to happen here; the outcome if it ends the stream."""
        match point:
            case _Point.HOLD:
                await self._flush()
                await self._hold()
            case _Point.MALFORMED:
                self._buffer.append(writer.malformed())
            case _Point.STALL:
                await self._flush()
                await self._stall()
            case _Point.ERROR:
                assert self._behaviour.error is not None
                self._buffer.append(writer.stream_error(self._behaviour.error.error_kind))
                await self._connection.write(b"".join(self._buffer), more=False)
                return "error"
            case _Point.CUT:
                if self._behaviour.cut_clean:
                    await self._connection.write(b"".join(self._buffer), more=False)
                else:
                    await self._flush()
                    await self._connection.hang_up()
                return "cut"
        return None

    async def _flush(self) -> None:
        if self._buffer:
            data = self._buffer[0] if len(self._buffer) == 1 else b"".join(self._buffer)
            self._buffer.clear()
            await self._connection.write(data)

    async def _pace(self, rate: float, reached: int | None = None) -> None:
        """Wait until the next token (or the token numbered `reached`) is due; what is due earlier goes out first."""
        tokens = self._call.output if reached is None else reached
        wait = self._started + tokens / rate - time.monotonic()
        if wait > _EARLY:
            await self._flush()
            await self._connection.wait(wait)

    async def _hold(self) -> None:
        began = time.monotonic()
        await self._holding.hold(self._call.seq, self._connection)
        self._started += time.monotonic() - began

    async def _stall(self) -> None:
        began = time.monotonic()
        try:
            await self._connection.wait(self._behaviour.stall_seconds)
        except CallerLeftError:
            raise StalledError from None
        self._started += time.monotonic() - began

    async def _cut_whole(self, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        if self._behaviour.cut_clean:
            await self._connection.reply(200, body[: len(body) // 2], headers)
            return
        await self._connection.start(200, [*headers, (b"content-length", str(len(body)).encode())])
        await self._connection.write(body[: len(body) // 2])
        await self._connection.hang_up()


class StalledError(CallerLeftError):
    """The caller left while the stream was silent on purpose."""
