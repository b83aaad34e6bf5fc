"""pgvector, where a server has it: asked for when it is first needed and never by a migration, as a server without it works."""

import time
from dataclasses import dataclass

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storage.database import Database

AGAIN_SECONDS = 300.0
"""How long a server is believed to have none."""

log = structlog.get_logger("perdure.vectors")

_INSTALLED = text("""
    SELECT quote_ident(n.nspname) AS schema FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
     WHERE e.extname = 'vector'
""")
_AVAILABLE = text("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")
_CREATE = text("CREATE EXTENSION IF NOT EXISTS vector")


@dataclass(frozen=True, slots=True)
class Vectors:
    """Where the extension's types and operators are: `schema` as SQL writes it."""

    schema: str

    @property
    def type(self) -> str:
        """The type of a vector."""
        return f"{self.schema}.vector"


class VectorSearch:
    """Whether a database can compare vectors. It is asked once, and where it cannot, again after some minutes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._found: Vectors | None = None
        self._asked: float | None = None

    async def found(self) -> Vectors | None:
        """The extension, made where it may be; None where there is none."""
        lately = self._asked is not None and time.monotonic() - self._asked < AGAIN_SECONDS
        if self._found is None and not lately:
            self._asked = time.monotonic()
            self._found = await self._look() or await self._create()
        return self._found

    async def _look(self) -> Vectors | None:
        async with self._database.begin() as connection:
            row = (await connection.execute(_INSTALLED)).one_or_none()
        return None if row is None else Vectors(row.schema)

    async def _create(self) -> Vectors | None:
        try:
            async with self._database.begin() as connection:
                if (await connection.execute(_AVAILABLE)).one_or_none() is None:
                    log.warning("documents are searched by words alone: the server has no pgvector")
                    return None
                await connection.execute(_CREATE)
        except DBAPIError as error:
            # Another process may have been first.
            found = await self._look()
            if found is None:
                why = type(error.orig).__name__
                log.warning("documents are searched by words alone: CREATE EXTENSION vector failed", error=why)
            return found
        return await self._look()
