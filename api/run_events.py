"""`/api/runs/{id}/events`: what happens in a run, and what its agents say, live; it can be resumed."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import examples_runs as examples
from api.auth import Caller, DoorsOf
from api.bodies import path_id
from api.documenting import documented
from api.doors import Doors
from api.following import follow
from api.showing_runs import run_members
from api.sse import COME_BACK, STILL_HERE, event, record_data
from api.streaming import EventStream
from contracts.errors import ErrorKind, PerdureError
from contracts.ids import step_key
from contracts.streams import Position, RecordKind, StreamRecord
from storage import run_log, run_turns, runs
from storage.run_log import START, LogMark
from storage.run_turns import StepTurn
from storage.streams.log import BEGINNING

router = APIRouter(prefix="/api/runs", tags=["runs"])
LOOK = 0.2
"""Seconds between looks at what has happened."""
AGAIN = 0.05
"""Seconds to the next look where something has happened that cannot be told yet."""
LAST_WORDS = 20.0
"""Seconds that the end of a run waits for what its turns have yet to say."""
QUIET = 10.0
_PAGE = 500


@dataclass(slots=True)
class Heard:
    """Where a client is: in the run's log, and in the streams of the turns that are being answered."""

    log: LogMark = START
    turns: dict[UUID, Position] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Heard":
        """Read what `str` gives. Raises ValueError for anything else."""
        mark, *turns = text.split("~")
        if len(turns) > 10_000:
            raise ValueError("the id is not one of this stream's")
        heard = cls(LogMark.parse(mark))
        for one in turns:
            turn_id, _, position = one.partition("@")
            heard.turns[UUID(hex=turn_id)] = Position.parse(position)
        return heard

    def __str__(self) -> str:
        return "~".join([str(self.log), *(f"{turn_id.hex}@{at}" for turn_id, at in self.turns.items())])


@router.get(
    "/{run_id}/events",
    responses=documented(
        {200: ("The events, live to the end.", examples.EVENTS), 204: ("There is nothing after that position.", None)},
        errors=(400, 401, 404),
    ),
)
async def get_events(
    request: Request, run_id: str, caller: Caller, doors: DoorsOf, after: str | None = None, tokens: bool = True
) -> Response:
    """The run's events from `Last-Event-ID` (or `after`) on, live to the end.

    `run` tells the run's state, `step` a step's (with its place in maps and loops), `act` what somebody did. `turn` is
    an event of a turn that answers in a step, as `/api/turns/{id}/events` gives them, its name as `event`; without
    `tokens` there are none.
    `end` has the finished run. Leaving does not stop the run.
    """
    found = path_id(run_id, "run")
    given = request.headers.get("last-event-id") or after
    try:
        heard = Heard.parse(given) if given else Heard()
    except ValueError as error:
        field_name = "after" if given == after else "Last-Event-ID"
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"{error}.", field=field_name) from None
    async with doors.database.begin() as connection:
        row = await runs.find(connection, found, workspace_id=caller.workspace_id)
        page = await run_log.after(connection, found, heard.log, limit=1)
    if row.state.finished and page.last == heard.log:
        return Response(status_code=204)
    return EventStream(_events(doors, found, heard, tokens=tokens), {}, open_streams=doors.metrics.streams)


Said = tuple[StepTurn, StreamRecord]


async def _events(doors: Doors, run_id: UUID, heard: Heard, *, tokens: bool) -> AsyncGenerator[bytes, None]:
    queue: asyncio.Queue[Said] = asyncio.Queue(1_000)
    readers: dict[UUID, asyncio.Task[None]] = {}
    silent = 0.0
    held: list[tuple[StepTurn, LogMark]] = []
    """Turns whose steps the log tells of up to a place that is yet to be told."""
    newest: datetime | None = None
    """When the newest turn was created that was seen: a turn may begin and end between two looks."""
    yield COME_BACK
    try:
        while True:
            async with doors.database.begin() as connection:
                row = await runs.find(connection, run_id)
                newest = newest or await run_turns.newest(connection, run_id) or row.created_at
                # Turns before the log: a turn that is seen began with a step that the log then tells of.
                turns = await run_turns.of_run(connection, run_id, running=True, since=newest) if tokens else []
                known = heard.turns.keys() - readers.keys() - {one.turn_id for one in turns}
                if known and tokens:
                    turns += [one for one in await run_turns.of_run(connection, run_id) if one.turn_id in known]
                page = await run_log.after(connection, run_id, heard.log, limit=_PAGE)
            for one in page.rows:
                heard.log = one.mark
                yield event({**one.detail, "at": one.at}, name=one.name, position=str(heard))
            if page.more:
                await asyncio.sleep(0 if page.rows else AGAIN)
                continue
            newest = max((newest, *(turn.created_at for turn in turns)))
            seen = readers.keys() | {turn.turn_id for turn, _ in held}
            held += [(turn, page.last) for turn in turns if turn.turn_id not in seen]
            for turn in [turn for turn, mark in held if mark <= heard.log]:
                position = heard.turns.setdefault(turn.turn_id, BEGINNING)
                readers[turn.turn_id] = asyncio.create_task(_read(doors, turn, position, queue))
            held = [(turn, mark) for turn, mark in held if mark > heard.log]
            whole = page.last == heard.log
            if row.state.finished and whole:
                async for piece in _rest(queue, heard, readers.values()):
                    yield piece
                yield event(run_members(row), name="end", position=str(Heard(heard.log)))
                return
            spoke, wait = bool(page.rows), LOOK if whole else AGAIN
            async for piece in _said(queue, heard, wait):
                spoke = True
                yield piece
            silent = 0.0 if spoke else silent + wait
            if silent >= QUIET:
                silent = 0.0
                yield STILL_HERE
    finally:
        for reader in readers.values():
            reader.cancel()
        await asyncio.gather(*readers.values(), return_exceptions=True)


async def _read(doors: Doors, turn: StepTurn, position: Position, queue: "asyncio.Queue[Said]") -> None:
    stream = follow(doors, turn.turn_id, position)
    try:
        async for record in stream:
            if record is not None:
                await queue.put((turn, record))
    finally:
        await stream.aclose()


async def _said(queue: "asyncio.Queue[Said]", heard: Heard, seconds: float) -> AsyncGenerator[bytes, None]:
    """What turns say within some time."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        left = end - asyncio.get_running_loop().time()
        try:
            turn, record = queue.get_nowait() if left <= 0 else await asyncio.wait_for(queue.get(), left)
        except (asyncio.QueueEmpty, TimeoutError):
            return
        heard.turns[turn.turn_id] = record.position
        if record.kind is RecordKind.END:
            heard.turns.pop(turn.turn_id)
        yield event(_turn_data(turn, record), name="turn", position=str(heard))


async def _rest(
    queue: "asyncio.Queue[Said]", heard: Heard, readers: Collection[asyncio.Task[None]]
) -> AsyncGenerator[bytes, None]:
    """What turns have yet to say when the run has ended: all of it, unless a turn's end does not come."""
    end = asyncio.get_running_loop().time() + LAST_WORDS
    while not all(reader.done() for reader in readers) and asyncio.get_running_loop().time() < end:
        async for piece in _said(queue, heard, LOOK):
            yield piece
    async for piece in _said(queue, heard, 0.0):
        yield piece


def _turn_data(turn: StepTurn, record: StreamRecord) -> dict[str, Any]:
    return {
        "step": step_key(turn.step_id, turn.place),
        "turn": str(turn.turn_id),
        "thread": turn.thread,
        "event": record.kind.value,
        **record_data(record),
    }
