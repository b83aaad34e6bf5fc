"""`/api/documents`: what a workspace's models and pipelines can look things up in."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field, ValidationError

from api import examples_documents as examples
from api.auth import Caller, DoorsOf
from api.bodies import Body, path_id
from api.documenting import documented, json_body
from api.indexing import Indexing, MediaType, store
from api.json import json_response
from api.paging import DEFAULT_LIMIT, decode_shelved, encode_shelved, page_limit
from api.reading import read_body, read_bytes, validation_error
from contracts.documents import DocumentQuery
from contracts.errors import ErrorKind, PerdureError
from storage import library
from storage.library import DocumentRow

router = APIRouter(prefix="/api/documents", tags=["documents"])

_LONGEST_NAME = 500
_LONGEST_COLLECTION = 200
_MOST_FOUND = 100
_USUAL = "default"

CollectionOf = Annotated[str | None, Query(max_length=_LONGEST_COLLECTION)]


class DocumentBody(Body):
    """A document, named within its collection. Markdown's headings name its passages; HTML is read as a page is."""

    name: str = Field(min_length=1, max_length=_LONGEST_NAME)
    collection: str = Field(default=_USUAL, min_length=1, max_length=_LONGEST_COLLECTION)
    text: str
    media_type: MediaType = "text/plain"
    metadata: dict[str, Any] = Field(default={}, max_length=50)


class SearchBody(Body):
    """What is looked for. `metadata`: only in documents whose metadata has all of this."""

    query: str = Field(min_length=1, max_length=2_000)
    collection: str | None = Field(default=None, max_length=_LONGEST_COLLECTION)
    limit: int = Field(default=8, ge=1, le=_MOST_FOUND)
    metadata: dict[str, Any] = Field(default={}, max_length=50)


def _bodies() -> dict[str, Any]:
    extra = json_body(DocumentBody, examples.DOCUMENT_BODY)
    written = {"schema": {"type": "string"}, "example": examples.DOCUMENT_BODY["text"]}
    extra["requestBody"]["content"] |= {"text/markdown": written, "text/plain": written, "text/html": written}
    return extra


@router.put(
    "",
    responses=documented(
        {200: ("Replaced, or unchanged.", examples.STORED), 201: ("Stored.", examples.STORED)},
        errors=(400, 401, 403, 409, 413),
    ),
    openapi_extra=_bodies(),
)
async def put_document(
    request: Request,
    caller: Caller,
    doors: DoorsOf,
    name: Annotated[str | None, Query(max_length=_LONGEST_NAME)] = None,
    collection: CollectionOf = None,
) -> Response:
    """Store a document under its name, in place of the one that has it.

    Send JSON, or the text itself as `text/plain`, `text/markdown` or `text/html` with `name` (and `collection`) in the query. The
    answer's `change` says what became of it: `created`, `replaced` or `unchanged`; an unchanged text is not read again, so that
    all can be sent whenever one of them may have changed. It can be found as soon as the answer is there.
    """
    body = await _sent(request, doors.max_request_bytes, name, collection)
    indexing: Indexing = request.app.state.indexing
    row, change = await store(
        doors,
        indexing,
        caller,
        name=body.name,
        collection=body.collection,
        sent=body.text,
        media_type=body.media_type,
        metadata=body.metadata,
    )
    return json_response({**_shown(row), "change": change}, 201 if change == "created" else 200)


@router.get("", responses=documented({200: ("A page.", examples.DOCUMENTS)}, errors=(400, 401)))
async def list_documents(
    caller: Caller,
    doors: DoorsOf,
    collection: CollectionOf = None,
    name: Annotated[str | None, Query(max_length=_LONGEST_NAME)] = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Response:
    """The workspace's documents by collection and name, without their texts; with `name` those that are called so."""
    after, asked = decode_shelved(cursor) if cursor else ("", ""), page_limit(limit)
    _check_text(collection=collection, name=name, cursor="".join(after))
    async with doors.database.begin() as connection:
        found = await library.listed(
            connection,
            workspace_id=caller.workspace_id,
            collection=collection,
            name=name,
            after=after,
            limit=asked + 1,
        )
    last = found[asked - 1] if len(found) > asked else None
    following = encode_shelved(last.collection, last.name) if last is not None else None
    return json_response({"data": [_shown(one) for one in found[:asked]], "next_cursor": following})


@router.post(
    "/search",
    responses=documented({200: ("The passages, the best first.", examples.FOUND)}, errors=(400, 401, 413)),
    openapi_extra=json_body(SearchBody, examples.SEARCH_BODY),
)
async def search_documents(request: Request, caller: Caller, doors: DoorsOf) -> Response:
    """Find the passages that fit a question, as the tool `retrieve` does.

    They are looked for by words and by meaning; `score` puts the two together by rank and is 1 for a passage that is first by
    both. It orders one answer: of how good the best of them is it says nothing. `ways` are those by which a passage was found,
    and those that this deployment has: without pgvector it has `words` alone.
    """
    body = await read_body(request, SearchBody, limit=doors.max_request_bytes)
    found = await doors.retriever.retrieve(
        DocumentQuery(
            workspace_id=caller.workspace_id,
            query=body.query,
            collections=(body.collection,) if body.collection is not None else (),
            limit=body.limit,
            metadata=body.metadata,
        )
    )
    return json_response({"data": [one.model_dump(mode="json") for one in found.passages], "ways": found.ways})


@router.get("/{document_id}", responses=documented({200: ("The document.", examples.WHOLE)}, errors=(401, 404)))
async def get_document(document_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """A document with its text; that of a page of HTML is what was read of it."""
    wanted = path_id(document_id, "document")
    async with doors.database.begin() as connection:
        row = await library.find(connection, wanted, workspace_id=caller.workspace_id)
    return json_response({**_shown(row), "text": row.text})


@router.delete("/{document_id}", status_code=204, responses=documented({204: ("Gone.", None)}, errors=(401, 403, 404)))
async def remove_document(document_id: str, caller: Caller, doors: DoorsOf) -> Response:
    """Remove a document and its passages for good."""
    wanted = path_id(document_id, "document")
    async with doors.database.begin() as connection:
        await library.remove(
            connection, wanted, workspace_id=caller.workspace_id, author=caller.prefix, now=doors.clock()
        )
    return Response(status_code=204)


async def _sent(request: Request, limit: int, name: str | None, collection: str | None) -> DocumentBody:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind.startswith("text/"):
        if name is not None or collection is not None:
            said = "name and collection stand in the JSON body, or in the query where the body is the text itself."
            raise PerdureError(ErrorKind.INVALID_REQUEST, said, field="name")
        return await read_body(request, DocumentBody, limit=limit)
    try:
        text = (await read_bytes(request, limit)).decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        said = f"The request's body is not UTF-8: byte {broken.start} begins no character."
        raise PerdureError(ErrorKind.INVALID_REQUEST, said, field="text") from None
    _check_text(text=text, name=name, collection=collection)
    given = {"name": name, "collection": collection, "text": text, "media_type": kind}
    try:
        return DocumentBody.model_validate({field: value for field, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise validation_error(first["msg"], str(first["loc"][0])) from None


def _check_text(**given: str | None) -> None:
    for field, value in given.items():
        if value is not None and "\0" in value:
            said = f"{field}: a NUL character cannot be stored. Remove it."
            raise PerdureError(ErrorKind.INVALID_REQUEST, said, field=field)


def _shown(row: DocumentRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "collection": row.collection,
        "title": row.title,
        "media_type": row.media_type,
        "characters": row.characters,
        "passages": row.passages,
        "metadata": row.metadata,
        "author": row.author,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
