"""From what was sent to what is stored: a document's text, its passages, and what they mean in numbers."""

import asyncio
import hashlib
from typing import Literal

import orjson

from api.doors import Doors
from contracts.errors import ErrorKind, PerdureError
from domain.classifying.embedding import embed
from domain.passages import Passage, passages
from storage import library
from storage.keys import ApiKey
from storage.library import DocumentRow, NewDocument, NewPassage, Room

MediaType = Literal["text/plain", "text/markdown", "text/html"]
_AT_ONCE = 32
"""Passages that the encoder is given at a time: others may use the processor in between."""


class Indexing:
    """One document of a process is put into numbers at a time, so that the rest of the API has the processor as well."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def embedded(self, found: list[Passage]) -> list[NewPassage]:
        """The passages with their vectors: about ten milliseconds of a thread for each."""
        vectors: list[list[float]] = []
        async with self._lock:
            for first in range(0, len(found), _AT_ONCE):
                texts = [f"{one.heading}\n{one.text}" if one.heading else one.text for one in found[first:][:_AT_ONCE]]
                vectors += await asyncio.to_thread(_embed, texts)
        return [
            NewPassage(one.heading, one.start, one.text, vector) for one, vector in zip(found, vectors, strict=True)
        ]


async def store(
    doors: Doors,
    indexing: Indexing,
    caller: ApiKey,
    *,
    name: str,
    collection: str,
    sent: str,
    media_type: MediaType,
    metadata: dict[str, object],
) -> tuple[DocumentRow, Literal["created", "replaced", "unchanged"]]:
    """Store a document, and say what that changed. The same text again is not read again."""
    limits = doors.documents
    size = len(sent.encode())
    if size > limits.bytes:
        said = (
            f"The text has {size:,} bytes; a document may have {limits.bytes:,}. Divide it, or raise "
            "PERDURE_MAX_DOCUMENT_BYTES."
        )
        raise PerdureError(ErrorKind.INVALID_REQUEST, said, field="text")
    if not sent.strip():
        raise PerdureError(ErrorKind.INVALID_REQUEST, "text: there is nothing in it to be found.", field="text")
    workspace_id, now = caller.workspace_id, doors.clock()
    digest = hashlib.sha256(orjson.dumps([media_type, sent])).digest()
    async with doors.database.begin() as connection:
        known = await library.named(connection, name, collection=collection, workspace_id=workspace_id)
        if known is not None and known.digest == digest:
            if known.metadata == metadata:
                return known, "unchanged"
            changed = await library.describe(
                connection, known, metadata, workspace_id=workspace_id, author=caller.prefix, now=now
            )
            if changed is not None:
                return changed, "replaced"
    title, text = (None, sent) if media_type != "text/html" else await asyncio.to_thread(doors.read_html, sent)
    found = await asyncio.to_thread(passages, text, headings=media_type != "text/plain")
    document = NewDocument(collection, name, title or None, media_type, text, digest, metadata)
    stored = await indexing.embedded(found)
    async with doors.database.begin() as connection:
        row = await library.put(
            connection,
            document,
            stored,
            workspace_id=workspace_id,
            room=Room(limits.documents, limits.passages),
            author=caller.prefix,
            now=now,
        )
    return row, "created" if known is None else "replaced"


def _embed(texts: list[str]) -> list[list[float]]:
    found: list[list[float]] = embed(texts).tolist()
    return found
