"""Which record may come next."""

from collections.abc import Iterable, Iterator

from contracts.streams import AttemptOpened, Position, RecordKind, StreamRecord


def follows(position: Position, record: StreamRecord) -> bool:
    """Nothing is missing between a position and a record.

    A later attempt may begin anywhere, as it says itself what stays true of the text before; but a `continue` that keeps
    text means nothing to a reader who has none.
    """
    if record.attempt == position.attempt:
        return record.seq == position.seq + 1
    if record.attempt < position.attempt or record.seq != 1:
        return False
    if position.attempt == 0 and record.kind is RecordKind.CONTINUE:
        return not (isinstance(record.body, AttemptOpened) and record.body.keep_chars)
    return True


def unbroken(position: Position, records: Iterable[StreamRecord]) -> Iterator[StreamRecord]:
    """The records that follow the position and each other, up to the first gap. Records not after it are passed over."""
    for record in records:
        if record.position <= position:
            continue
        if not follows(position, record):
            return
        position = record.position
        yield record
