"""Passages for whoever asks: a question is put into numbers here, and looked up there."""

import asyncio

from contracts.documents import DocumentQuery, FoundPassages
from domain.classifying.embedding import embed
from storage import passages
from storage.database import Database
from storage.vectors import VectorSearch


class StoredPassages:
    """The retriever over a database."""

    def __init__(self, database: Database, vectors: VectorSearch) -> None:
        self._database = database
        self._vectors = vectors

    async def retrieve(self, asked: DocumentQuery) -> FoundPassages:
        """The passages that fit a question, of the question's workspace alone. The first call loads the sentence encoder."""
        vectors = await self._vectors.found()
        embedding = [] if vectors is None else (await asyncio.to_thread(embed, [asked.query]))[0].tolist()
        async with self._database.begin() as connection:
            return await passages.search(connection, asked, embedding, vectors)
