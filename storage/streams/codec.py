"""A row of the log: a batch of one attempt's records as compact JSON.

The bytes are an array of runs. Neighbouring records of text are one run `[kind, index, [text, ...]]`; a record with a body
is `[kind, index, {body}]`. A record's `seq` is the row's first one plus the number of records before it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never
from uuid import UUID

import orjson

from contracts.streams import AttemptOpened, PartShown, RecordKind, StreamRecord
from contracts.turns import TurnResult
from storage.streams.log import RecordBody


@dataclass(frozen=True, slots=True)
class Row:
    """A batch of records, `seq_first` to `seq_last`, both included."""

    turn_id: UUID
    attempt: int
    seq_first: int
    seq_last: int
    records: bytes


def encode(turn_id: UUID, records: Sequence[StreamRecord]) -> Row:
    """The row of one or more records that follow each other in one attempt."""
    runs: list[list[Any]] = []
    texts: list[str] | None = None
    run_of: tuple[RecordKind, int] | None = None
    for record in records:
        if record.body is not None:
            runs.append([record.kind.value, record.index, record.body.model_dump(mode="python", exclude_none=True)])
            run_of = None
        elif texts is not None and run_of == (record.kind, record.index):
            texts.append(record.text)
        else:
            texts = [record.text]
            run_of = (record.kind, record.index)
            runs.append([record.kind.value, record.index, texts])
    return Row(turn_id, records[0].attempt, records[0].seq, records[-1].seq, _dump(runs))


def decode(row: Row) -> list[StreamRecord]:
    """The records of a row. Raises ValueError for what `encode` did not make."""
    records: list[StreamRecord] = []
    seq = row.seq_first
    for name, index, content in _load(row.records):
        kind = RecordKind(name)
        if isinstance(content, dict):
            records.append(StreamRecord(row.attempt, seq, kind, index, body=_body(kind, content)))
            seq += 1
            continue
        for text in content:
            records.append(StreamRecord(row.attempt, seq, kind, index, text))
            seq += 1
    return records


def _body(kind: RecordKind, value: Any) -> RecordBody:
    match kind:
        case RecordKind.START | RecordKind.RESET | RecordKind.CONTINUE:
            return AttemptOpened.model_validate(value)
        case RecordKind.PART:
            return PartShown.model_validate(value)
        case RecordKind.END:
            return TurnResult.model_validate(value)
        case RecordKind.TEXT | RecordKind.REASONING | RecordKind.TOOL_ARGUMENTS:
            raise ValueError(f"a record of kind {kind.value} has no body")
        case _:
            assert_never(kind)


def _dump(runs: list[list[Any]]) -> bytes:
    try:
        return orjson.dumps(runs, default=str)
    except TypeError:
        # orjson refuses lone surrogates, which a vendor may cut a character into; json escapes them.
        return json.dumps(runs, default=str, separators=(",", ":")).encode("ascii")


def _load(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data)
