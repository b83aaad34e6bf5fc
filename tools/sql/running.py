"""Running a checked statement: in a transaction of the least rights, with limits on time, rows and bytes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from contracts.tools import ToolError
from tools.protocol import Secrets
from tools.sql.guard import Checked
from tools.sql.stanza import SqlStanza

if TYPE_CHECKING:
    import asyncpg

_CONNECT_SECONDS = 10
_BATCH = 10


@dataclass(frozen=True, slots=True)
class Rows:
    """What a statement returned: JSON values by column, and PostgreSQL's `status` of a change. `cut`: there was more."""

    columns: tuple[str, ...]
    rows: list[list[Any]]
    cut: bool
    status: str = ""


class Database:
    """One registered connection. Every statement has a connection of its own, so nothing is left behind for the next."""

    def __init__(self, stanza: SqlStanza, secrets: Secrets) -> None:
        self._stanza = stanza
        self._secrets = secrets
        self._room = asyncio.Semaphore(stanza.connections)

    async def run(self, statement: Checked) -> Rows:
        """Run it. Raises `ToolError` with PostgreSQL's message; `maybe_done` where a change's end was not heard of."""
        import asyncpg

        begun = False
        try:
            async with self._room, self._connected() as connection:
                async with connection.transaction(readonly=not statement.writes):
                    await self._narrow(connection)
                    begun = statement.writes
                    return await (self._changed if statement.writes else self._read)(connection, statement)
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError) as problem:
            said = f"The connection {self._stanza.name} was lost ({type(problem).__name__})."
            raise ToolError(said, maybe_done=begun, temporary=True) from None
        except asyncpg.QueryCanceledError:
            said = f"The query took longer than {self._stanza.timeout:g} seconds. Narrow it, or use an index."
            raise ToolError(said) from None
        except asyncpg.PostgresError as problem:
            raise ToolError(_said(problem), field="query") from None

    @asynccontextmanager
    async def _connected(self) -> "AsyncIterator[asyncpg.Connection]":
        import asyncpg

        name = self._stanza.name
        dsn = self._secrets(self._stanza.dsn_secret)
        if not dsn:
            raise ToolError(
                f"The secret {self._stanza.dsn_secret} is not set. Whoever runs this deployment has to set it."
            )
        try:
            connection = await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS, statement_cache_size=0)
        except (OSError, TimeoutError):
            raise ToolError(f"The database of {name} could not be reached.", temporary=True) from None
        except asyncpg.PostgresError as problem:
            # Its message names the user.
            raise ToolError(f"The database of {name} refuses the login ({problem.sqlstate}).", temporary=True) from None
        except (ValueError, asyncpg.InterfaceError):
            raise ToolError(f"The secret {self._stanza.dsn_secret} is no PostgreSQL address.") from None
        try:
            yield connection
        finally:
            connection.terminate()

    async def _narrow(self, connection: "asyncpg.Connection") -> None:
        """For this transaction alone; the values are the stanza's, checked to be plain identifiers."""
        stanza = self._stanza
        path = ", ".join(f'"{schema}"' for schema in stanza.schemas)
        await connection.execute(
            f"SET LOCAL statement_timeout = {int(stanza.timeout * 1000)};"
            f"SET LOCAL lock_timeout = {int(stanza.timeout * 1000)};"
            "SET LOCAL standard_conforming_strings = on;"
            f"SET LOCAL search_path = {path};" + (f'SET LOCAL ROLE "{stanza.role}";' if stanza.role else "")
        )

    async def _read(self, connection: "asyncpg.Connection", statement: Checked) -> Rows:
        """Rows as JSON that the server makes, and only rows of a bearable size: a huge one never reaches this process."""
        described = await connection.prepare(statement.sql)
        columns = tuple(attribute.name for attribute in described.get_attributes())
        limit = self._stanza.max_rows
        row_bytes = max(self._stanza.max_bytes // _BATCH, 1_000)

        wrapped = (
            f"SELECT CASE WHEN pg_catalog.octet_length(line) <= {row_bytes} THEN line END FROM "  # noqa: S608
            "(SELECT pg_catalog.row_to_json(perdure_row)::text AS line FROM "
            f"({statement.sql}) AS perdure_row LIMIT {limit + 1}) AS perdure_lines"
        )
        found: list[list[Any]] = []
        left = self._stanza.max_bytes
        cursor = await (await connection.prepare(wrapped)).cursor()
        while batch := await cursor.fetch(_BATCH):
            for (line,) in batch:
                if line is None:
                    raise ToolError(f"A row is larger than {row_bytes} bytes. Select fewer columns, or parts of them.")
                left -= len(line)
                if len(found) == limit or left < 0:
                    return Rows(columns, found, True)
                found.append(_values(line))
        return Rows(columns, found, False)

    async def _changed(self, connection: "asyncpg.Connection", statement: Checked) -> Rows:
        if not statement.returns:
            return Rows((), [], False, await connection.execute(statement.sql))
        prepared = await connection.prepare(statement.sql)
        columns = tuple(attribute.name for attribute in prepared.get_attributes())
        records = await prepared.fetch()
        rows = [[_plain(value) for value in record.values()] for record in records[: self._stanza.max_rows]]
        return Rows(columns, rows, len(records) > self._stanza.max_rows, prepared.get_statusmsg())


def _values(line: str) -> list[Any]:
    """A row's values in order, also where two columns have one name."""
    pairs: list[tuple[str, Any]] = json.loads(line, object_pairs_hook=_Pairs, parse_float=_number)
    return [_unpaired(value) for _, value in pairs]


class _Pairs(list[tuple[str, Any]]):
    """An object's pairs, told apart from an array."""


def _unpaired(value: Any) -> Any:
    if isinstance(value, _Pairs):
        return {name: _unpaired(inner) for name, inner in value}
    return [_unpaired(inner) for inner in value] if isinstance(value, list) else value


def _number(text: str) -> float | str:
    """A number that a float holds exactly enough, else its digits as text."""
    value = float(text)
    return value if Decimal(repr(value)) == Decimal(text) else text


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _number(str(value)) if value.is_finite() else str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _said(problem: "asyncpg.PostgresError") -> str:
    parts = [f"PostgreSQL says: {problem.message} ({problem.sqlstate})."]
    parts += [f"Hint: {problem.hint}"] if getattr(problem, "hint", None) else []
    return " ".join(parts)[:2_000]
