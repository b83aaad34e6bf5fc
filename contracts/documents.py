"""Stored documents, as those who ask for them see them: passages that fit a question."""

from typing import Any, Literal, Protocol
from uuid import UUID

from contracts.base import Contract

Way = Literal["words", "meaning"]
"""How passages are found: by the words of the question, or by what it means."""


class DocumentQuery(Contract):
    """A question to a workspace's documents. Without `collections` all of them are searched.

    `metadata`: only documents whose metadata has all of this.
    """

    workspace_id: UUID
    query: str
    collections: tuple[str, ...] = ()
    limit: int = 8
    metadata: dict[str, Any] = {}


class FoundPassage(Contract):
    """A stretch of a document, from character `start` of its text, under `heading`.

    `score`, from 0 to 1, says how far ahead the passage was by words and by meaning: 1 is first by both. It compares passages of
    one answer and says nothing of how good the best of them is. `ways` are those it was found by.
    """

    document_id: UUID
    name: str
    collection: str
    title: str | None = None
    heading: str = ""
    position: int
    start: int
    text: str
    score: float
    ways: tuple[Way, ...]


class FoundPassages(Contract):
    """The passages that fit best, the best first. `ways` are those by which this deployment could look."""

    passages: tuple[FoundPassage, ...]
    ways: tuple[Way, ...]


class Retriever(Protocol):
    """Who finds passages in stored documents."""

    async def retrieve(self, asked: DocumentQuery) -> FoundPassages:
        """The passages that fit a question, of the question's workspace alone."""
        ...
