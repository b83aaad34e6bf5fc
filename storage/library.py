"""Documents that are looked things up in, by collection and name, cut into passages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError
from storage import audit
from storage.ids import new_id


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document as it is stored. `digest` is the SHA-256 of what was sent."""

    collection: str
    name: str
    title: str | None
    media_type: str
    text: str
    digest: bytes
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A stretch of its text, from character `start`; `embedding` is a unit vector."""

    heading: str
    start: int
    text: str
    embedding: Sequence[float]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A stored document. `text` is None in a list; `characters` and `passages` are counts."""

    id: UUID
    collection: str
    name: str
    title: str | None
    media_type: str
    digest: bytes
    characters: int
    passages: int
    metadata: dict[str, Any]
    author: str
    created_at: datetime
    updated_at: datetime
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """How much a workspace may keep."""

    documents: int
    passages: int


_COLUMNS = (
    "id, collection, name, title, media_type, digest, length(text) AS characters, passages, metadata, author, "
    "created_at, updated_at"
)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_NAMED = text(f"""
    SELECT {_COLUMNS} FROM documents WHERE workspace_id = :workspace_id AND collection = :collection AND name = :name
""")  # noqa: S608 - the columns are ours
_FIND = text(f"""
    SELECT {_COLUMNS}, text FROM documents WHERE workspace_id = :workspace_id AND id = :id
""")  # noqa: S608
_LISTED = text(f"""
    SELECT {_COLUMNS} FROM documents
     WHERE workspace_id = :workspace_id AND (CAST(:collection AS text) IS NULL OR collection = :collection)
       AND (CAST(:name AS text) IS NULL OR name = :name)
       AND (collection, name) > (:after_collection, :after_name)
     ORDER BY collection, name LIMIT :limit
""")  # noqa: S608
_KEPT = text("""
    SELECT count(*) AS documents, coalesce(sum(passages), 0) AS passages FROM documents
     WHERE workspace_id = :workspace_id AND (collection, name) <> (:collection, :name)
""")
_PUT = text(f"""
    INSERT INTO documents (id, workspace_id, collection, name, title, media_type, text, digest, passages, metadata, author,
                           created_at, updated_at)
    VALUES (:id, :workspace_id, :collection, :name, :title, :media_type, :text, :digest, :passages,
            CAST(:metadata AS jsonb), :author, :now, :now)
    ON CONFLICT (workspace_id, collection, name) DO UPDATE SET
        title = excluded.title, media_type = excluded.media_type, text = excluded.text, digest = excluded.digest,
        passages = excluded.passages, metadata = excluded.metadata, author = excluded.author,
        updated_at = excluded.updated_at
    RETURNING {_COLUMNS}
""")  # noqa: S608
_DESCRIBE = text(f"""
    UPDATE documents SET metadata = CAST(:metadata AS jsonb), author = :author, updated_at = :now
     WHERE workspace_id = :workspace_id AND id = :id AND digest = :digest
    RETURNING {_COLUMNS}
""")  # noqa: S608
_CLEAR = text("DELETE FROM passages WHERE document_id = :id")
_ADD = text("""
    INSERT INTO passages (document_id, position, heading, start, text, words, embedding)
    VALUES (:id, :position, :heading, :start, :text,
            setweight(to_tsvector('english', :title), 'A') || to_tsvector('english', :text), CAST(:embedding AS real[]))
""")
_REMOVE = text("DELETE FROM documents WHERE workspace_id = :workspace_id AND id = :id RETURNING passages")


async def named(connection: AsyncConnection, name: str, *, collection: str, workspace_id: UUID) -> DocumentRow | None:
    """The document of that name, without its text; None where there is none."""
    given = {"workspace_id": workspace_id, "collection": collection, "name": name}
    row = (await connection.execute(_NAMED, given)).one_or_none()
    return None if row is None else _document(row)


async def find(connection: AsyncConnection, document_id: UUID, *, workspace_id: UUID) -> DocumentRow:
    """A document with its text. Raises `not_found`."""
    row = (await connection.execute(_FIND, {"workspace_id": workspace_id, "id": document_id})).one_or_none()
    if row is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no document {document_id}.")
    return _document(row, row.text)


async def listed(
    connection: AsyncConnection,
    *,
    workspace_id: UUID,
    collection: str | None,
    name: str | None,
    after: tuple[str, str],
    limit: int,
) -> list[DocumentRow]:
    """Documents without their texts, by collection and name, behind `after`."""
    given = {
        "workspace_id": workspace_id,
        "collection": collection,
        "name": name,
        "after_collection": after[0],
        "after_name": after[1],
        "limit": limit,
    }
    return [_document(row) for row in await connection.execute(_LISTED, given)]


async def put(
    connection: AsyncConnection,
    document: NewDocument,
    passages: Sequence[NewPassage],
    *,
    workspace_id: UUID,
    room: Room,
    author: str,
    now: datetime,
) -> DocumentRow:
    """Store a document in place of the one of its name, if any. Raises `conflict` where the workspace has no room for it."""
    # Documents of one workspace follow each other, so that together they keep to its limits.
    await connection.execute(_LOCK, {"name": f"documents/{workspace_id}"})
    name = {"workspace_id": workspace_id, "collection": document.collection, "name": document.name}
    kept = (await connection.execute(_KEPT, name)).one()
    check_room(kept.documents + 1, kept.passages + len(passages), room)
    given = {
        **name,
        "id": new_id(),
        "title": document.title,
        "media_type": document.media_type,
        "text": document.text,
        "digest": document.digest,
        "passages": len(passages),
        "metadata": orjson.dumps(document.metadata).decode(),
        "author": author,
        "now": now,
    }
    stored = _document((await connection.execute(_PUT, given)).one())
    await connection.execute(_CLEAR, {"id": stored.id})
    if passages:
        about = " ".join(filter(None, (document.title, document.name)))
        rows = [
            {
                "id": stored.id,
                "position": position,
                "heading": one.heading,
                "start": one.start,
                "text": one.text,
                "title": f"{about} {one.heading}",
                "embedding": one.embedding,
            }
            for position, one in enumerate(passages)
        ]
        await connection.execute(_ADD, rows)
    await _record(connection, "document.stored", stored.id, len(passages), workspace_id, author, now)
    return stored


async def describe(
    connection: AsyncConnection,
    known: DocumentRow,
    metadata: dict[str, Any],
    *,
    workspace_id: UUID,
    author: str,
    now: datetime,
) -> DocumentRow | None:
    """Give a document other metadata; None where its text is another by now."""
    given = {
        "workspace_id": workspace_id,
        "id": known.id,
        "digest": known.digest,
        "metadata": orjson.dumps(metadata).decode(),
        "author": author,
        "now": now,
    }
    row = (await connection.execute(_DESCRIBE, given)).one_or_none()
    return None if row is None else _document(row)


async def remove(
    connection: AsyncConnection, document_id: UUID, *, workspace_id: UUID, author: str, now: datetime
) -> None:
    """Remove a document for good. Raises `not_found`."""
    row = (await connection.execute(_REMOVE, {"workspace_id": workspace_id, "id": document_id})).one_or_none()
    if row is None:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no document {document_id}.")
    await _record(connection, "document.removed", document_id, row.passages, workspace_id, author, now)


def check_room(documents: int, passages: int, room: Room) -> None:
    """Raises `conflict`, naming the setting, where a workspace would keep more than it may."""
    for count, most, what, setting in (
        (documents, room.documents, "documents", "PERDURE_MAX_DOCUMENTS"),
        (passages, room.passages, "passages", "PERDURE_MAX_PASSAGES"),
    ):
        if count > most:
            said = f"With it the workspace would have {count:,} {what}; it may keep {most:,}. Remove some, or raise {setting}."
            raise PerdureError(ErrorKind.CONFLICT, said)


async def _record(
    connection: AsyncConnection,
    action: str,
    document_id: UUID,
    passages: int,
    workspace_id: UUID,
    author: str,
    now: datetime,
) -> None:
    await audit.record(
        connection,
        workspace_id=workspace_id,
        at=now,
        actor=author,
        action=action,
        subject_id=document_id,
        detail={"passages": passages},
    )


def _document(row: Any, content: str | None = None) -> DocumentRow:
    return DocumentRow(
        row.id,
        row.collection,
        row.name,
        row.title,
        row.media_type,
        bytes(row.digest),
        row.characters,
        row.passages,
        row.metadata,
        row.author,
        row.created_at,
        row.updated_at,
        content,
    )
