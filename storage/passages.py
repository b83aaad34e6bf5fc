"""Passages of stored documents that fit a question: by its words and by its meaning, the two put together by rank.

The rank and not the measure, since the measures of words and of meaning have nothing in common (reciprocal rank fusion: Cormack,
Clarke and Büttcher, SIGIR 2009). Nearness in meaning is never trusted alone: a negation, another number or another name lies
nearer to a sentence than another wording of it does.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.documents import DocumentQuery, FoundPassage, FoundPassages
from storage.vectors import Vectors

_POOL = 60
"""How many passages each of the two looks brings."""
_CALM = 60
"""The constant of reciprocal rank fusion: how little the very first ranks stand out."""

# A lexeme may hold what means something in a query, so each is quoted. Any of the words is enough; all of them come first.
_WORDS = """
    asked AS (
        SELECT string_agg(quoted, ' | ')::tsquery AS any_of, string_agg(quoted, ' & ')::tsquery AS all_of
          FROM (SELECT '''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''' AS quoted
                  FROM unnest(tsvector_to_array(to_tsvector('english', :query))) AS lexemes(lexeme)) AS lexemes
    ), by_words AS (
        SELECT document_id, position, row_number() OVER (ORDER BY whole DESC, rank DESC, document_id, position) AS place
          FROM (
            SELECT p.document_id, p.position, p.words @@ all_of AS whole, ts_rank(p.words, any_of, 1) AS rank
              FROM asked, passages AS p JOIN chosen AS d ON d.id = p.document_id
             WHERE p.words @@ any_of
             ORDER BY whole DESC, rank DESC, p.document_id, p.position LIMIT :pool
        ) AS matching
    )
"""

_MEANING = """
    by_meaning AS (
        SELECT document_id, position, row_number() OVER (ORDER BY distance, document_id, position) AS place
          FROM (
            SELECT p.document_id, p.position,
                   p.embedding::{vector} OPERATOR({schema}.<#>) CAST(:embedding AS {vector}) AS distance
              FROM passages AS p JOIN chosen AS d ON d.id = p.document_id
             ORDER BY distance, p.document_id, p.position LIMIT :pool
        ) AS near
    )
"""

_NO_MEANING = """
    by_meaning AS (SELECT NULL::uuid AS document_id, NULL::int AS position, NULL::bigint AS place WHERE false)
"""

_SEARCH = """
    WITH chosen AS MATERIALIZED (
        SELECT id, name, collection, title FROM documents
         WHERE workspace_id = :workspace_id AND (CAST(:every AS boolean) OR collection = ANY(:collections))
           AND metadata @> CAST(:metadata AS jsonb)
    ), {words}, {meaning}
    SELECT d.id, d.name, d.collection, d.title, p.position, p.heading, p.start, p.text,
           w.place AS by_words, m.place AS by_meaning,
           coalesce(1.0 / (:calm + w.place), 0) + coalesce(1.0 / (:calm + m.place), 0) AS score
      FROM by_words AS w FULL JOIN by_meaning AS m USING (document_id, position)
      JOIN passages AS p USING (document_id, position) JOIN chosen AS d ON d.id = document_id
     ORDER BY score DESC, d.name, p.position LIMIT :limit
"""


async def search(
    connection: AsyncConnection, asked: DocumentQuery, embedding: Sequence[float], vectors: Vectors | None
) -> FoundPassages:
    """The passages that fit, the best first. `vectors` None: by words alone, as the server has no pgvector."""
    given: dict[str, Any] = {
        "workspace_id": asked.workspace_id,
        "every": not asked.collections,
        "collections": list(asked.collections),
        "metadata": orjson.dumps(asked.metadata).decode(),
        "query": asked.query,
        "pool": max(_POOL, asked.limit),
        "calm": _CALM,
        "limit": asked.limit,
    }
    if vectors is not None:
        given["embedding"] = "[" + ",".join(f"{number:.6g}" for number in embedding) + "]"
    rows = await connection.execute(_statement(vectors), given)
    best = (1 if vectors is None else 2) / (_CALM + 1)
    found = tuple(
        FoundPassage(
            document_id=row.id,
            name=row.name,
            collection=row.collection,
            title=row.title,
            heading=row.heading,
            position=row.position,
            start=row.start,
            text=row.text,
            score=round(float(row.score) / best, 4),
            ways=(*(("words",) if row.by_words else ()), *(("meaning",) if row.by_meaning else ())),
        )
        for row in rows
    )
    return FoundPassages(passages=found, ways=("words",) if vectors is None else ("words", "meaning"))


def _statement(vectors: Vectors | None) -> TextClause:
    meaning = _NO_MEANING if vectors is None else _MEANING.format(vector=vectors.type, schema=vectors.schema)
    return text(_SEARCH.format(words=_WORDS, meaning=meaning))
