"""The lines of a batch: turns and runs, in our form or in that of OpenAI's batches."""

from dataclasses import dataclass
from typing import Any

from pydantic import Field, ValidationError, model_validator

from api.asking import turn_request
from api.bodies import Body, TurnBody
from api.naming import Names
from api.openai.bodies import ChatBody
from api.openai.decode import decode
from api.parsing import parse_json
from api.reading import field_path, validation_error
from api.run_bodies import RunBody
from contracts.errors import ErrorKind, PerdureError
from contracts.pipelines.base import Name
from contracts.turns import TurnRequest

MOST_LINES = 50_000
MOST_RUNS = 2_000
CHAT_URL = "/v1/chat/completions"


class BatchRunBody(RunBody):
    """A run of a pipeline, by its name."""

    pipeline: Name


class BatchLine(Body):
    """One line. Without a `custom_id` it is called by its number, from 1."""

    custom_id: str | None = Field(default=None, min_length=1, max_length=100)
    turn: TurnBody | None = None
    run: BatchRunBody | None = None
    method: str | None = None
    url: str | None = None
    body: ChatBody | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "BatchLine":
        if sum(one is not None for one in (self.turn, self.run, self.body)) != 1:
            raise ValueError(f"give one of turn, run, and body (with url {CHAT_URL})")
        if self.body is not None and (self.url != CHAT_URL or self.method not in (None, "POST")):
            raise ValueError(f"body is for url {CHAT_URL} and method POST")
        return self


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line as it is understood: a turn, or a run."""

    custom_id: str
    turn: TurnRequest | None
    run: BatchRunBody | None


def read_lines(sent: bytes, names: Names) -> list[ReadLine]:
    """The lines. Raises `invalid_request` or `not_found`, naming the line and the field in it."""
    read: list[ReadLine] = []
    known: dict[str, int] = {}
    for number, line in enumerate(sent.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            one = _read(line, str(number), names)
        except PerdureError as error:
            raise _at(number, error) from None
        if (other := known.setdefault(one.custom_id, number)) != number:
            message = f"custom_id {one.custom_id[:100]!r} is that of line {other} already."
            raise _at(number, PerdureError(ErrorKind.INVALID_REQUEST, message, field="custom_id"))
        read.append(one)
        if len(read) > MOST_LINES:
            message = f"A batch has at most {MOST_LINES:,} lines. Send several."
            raise PerdureError(ErrorKind.INVALID_REQUEST, message, field=f"line {number}")
    if not read:
        message = "The batch is empty; send a JSON object in each line."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message)
    if sum(one.run is not None for one in read) > MOST_RUNS:
        message = f"A batch has at most {MOST_RUNS:,} runs. Send several."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message)
    return read


def _read(line: bytes, number: str, names: Names) -> ReadLine:
    value: Any = parse_json(line)
    try:
        read = BatchLine.model_validate(value)
    except ValidationError as error:
        found = [
            (field_path(one["loc"], value), one["msg"])
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        path, message = max(found, key=lambda one: len(one[0]))
        raise validation_error(message, ".".join(path)) from None
    turn = None
    if read.turn is not None:
        turn = turn_request(read.turn, names)
    elif read.body is not None:
        turn = decode(read.body, names)
    return ReadLine(read.custom_id or number, turn, read.run)


def _at(number: int, error: PerdureError) -> PerdureError:
    field = f"line {number}" + (f": {error.field}" if error.field else "")
    return PerdureError(error.kind, f"Line {number}: {error.message}", field=field, detail=error.detail)
