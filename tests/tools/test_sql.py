"""Queries over a registered database: what is read, what is cut, what a change leaves."""

import asyncio
from typing import Any

import pytest

from contracts.tools import ToolOutcome
from tests.fixtures.postgres import PostgresServer, create_database, execute
from tests.tools.calls import done, refusal, text_of, use
from tools.calling import effects_of
from tools.protocol import Secrets
from tools.sql.stanza import SqlStanza
from tools.sql.tools import QueryTool, TablesTool, sql_tools

pytestmark = pytest.mark.real

_TABLES = (
    "CREATE TABLE orders (id int PRIMARY KEY, item text NOT NULL, price numeric(20, 4), note text)",
    "INSERT INTO orders VALUES (1, 'tea', 2.5, NULL), (2, 'it''s \\ coffee', 12345678901234.5678, E'two\\nlines')",
    "CREATE SCHEMA hidden",
    "CREATE TABLE hidden.salaries (amount int)",
)


@pytest.fixture(scope="module")
def dsn(postgres_server: PostgresServer) -> str:
    async def make() -> str:
        made = await create_database(postgres_server)
        await execute(made, *_TABLES)
        return made

    return asyncio.run(make())


def tools(dsn: str, **more: Any) -> tuple[QueryTool, TablesTool]:
    secrets: Secrets = lambda name: {"SHOP_DSN": dsn}.get(name, "")  # noqa: E731
    stanza = {"name": "shop", "dsn_secret": "SHOP_DSN", **more}
    query, tables = sql_tools(SqlStanza.model_validate(stanza), secrets)
    assert isinstance(query, QueryTool)
    assert isinstance(tables, TablesTool)
    return query, tables


async def test_rows_are_read_with_their_columns(dsn: str) -> None:
    query, _ = tools(dsn)
    data = await done(query, query="SELECT id, item, price, note FROM orders ORDER BY id")
    assert data["columns"] == ["id", "item", "price", "note"]
    assert data["rows"][0] == [1, "tea", 2.5, None]
    # More digits than a float holds stay digits.
    assert data["rows"][1] == [2, "it's \\ coffee", "12345678901234.5678", "two\nlines"]


async def test_two_columns_of_one_name_are_both_kept(dsn: str) -> None:
    query, _ = tools(dsn)
    assert (await done(query, query="SELECT 1 AS a, 2 AS a, '{\"b\": [1, {}]}'::jsonb AS c"))["rows"] == [
        [1, 2, {"b": [1, {}]}]
    ]


@pytest.mark.parametrize(
    "value",
    ["tea", "it's \\ coffee", "'; DROP TABLE orders; --", "$1", "\\'; DROP TABLE orders; --", "", None, True, -3, -1.5],
    ids=range(10),
)
async def test_a_parameter_is_a_value_whatever_it_holds(dsn: str, value: Any) -> None:
    query, _ = tools(dsn)
    kind = {str: "text", bool: "boolean", int: "int", float: "float8"}.get(type(value), "text")
    data = await done(query, query=f"SELECT $1::{kind} AS a, 1 - -$2 AS b", parameters=[value, 1])
    assert data["rows"] == [[value, 2]]


async def test_what_there_is_can_be_listed(dsn: str) -> None:
    _, tables = tools(dsn)
    (one,) = await done(tables)
    assert (one["schema"], one["table"]) == ("public", "orders")
    assert one["columns"] == "id integer, item text, price numeric, note text"


async def test_too_many_rows_are_cut_and_said_so(dsn: str) -> None:
    query, _ = tools(dsn, max_rows=5)
    result = await use(query, query="SELECT generate_series(1, 1000000000) AS n")
    assert result.truncated
    assert len(result.data["rows"]) == 5
    assert "there are more" in text_of(result)


async def test_a_huge_row_never_arrives(dsn: str) -> None:
    query, _ = tools(dsn, max_bytes=10_000)
    said = await refusal(query, query="SELECT repeat('x', 5000000) AS wide")
    assert "A row is larger than 1000 bytes" in said


async def test_a_slow_query_is_stopped_by_the_server(dsn: str) -> None:
    query, _ = tools(dsn, timeout=0.2)
    sql = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b"
    assert "took longer than 0.2 seconds" in await refusal(query, query=sql)


async def test_postgres_says_what_is_wrong(dsn: str) -> None:
    query, _ = tools(dsn)
    assert 'column "itm" does not exist' in await refusal(query, query="SELECT itm FROM orders")


async def test_writes_need_leave_and_are_kept(dsn: str) -> None:
    query, _ = tools(dsn, writes=True)
    assert (effects_of(query, {"query": "SELECT 1"}).retry, effects_of(query, {"query": "SELECT 1"}).approval) == (
        "safe",
        False,
    )
    change = {"query": "DELETE FROM orders WHERE id = -1 RETURNING id"}
    assert (effects_of(query, change).retry, effects_of(query, change).approval) == ("unsafe", True)
    data = await done(
        query, query="INSERT INTO orders VALUES ($1, 'milk', 1, NULL) RETURNING id, price", parameters=[7]
    )
    assert (data["rows"], data["status"]) == ([[7, 1.0]], "INSERT 0 1")
    assert (await done(query, query="DELETE FROM orders WHERE id = 7"))["status"] == "DELETE 1"


async def test_a_role_is_taken_on(postgres_server: PostgresServer, dsn: str) -> None:
    await execute(dsn, "DROP ROLE IF EXISTS shop_reader", "CREATE ROLE shop_reader")
    try:
        query, tables = tools(dsn, role="shop_reader")
        assert "permission denied" in await refusal(query, query="SELECT * FROM orders")
        assert await done(tables) == []
        await execute(dsn, "GRANT SELECT (id, item) ON orders TO shop_reader")
        assert (await done(query, query="SELECT item FROM orders WHERE id = 1"))["rows"] == [["tea"]]
        assert "permission denied" in await refusal(query, query="SELECT price FROM orders")
    finally:
        await execute(dsn, "DROP OWNED BY shop_reader", "DROP ROLE shop_reader")


async def test_a_login_that_fails_names_neither_user_nor_password(dsn: str) -> None:
    wrong = dsn.replace("://", "://somebody:hunter2@", 1) if "@" not in dsn else _other_user(dsn)
    query, _ = tools(wrong)
    result = await use(query, query="SELECT 1")
    assert result.outcome is ToolOutcome.FAILED
    assert result.temporary
    assert "hunter2" not in text_of(result)
    assert "somebody" not in text_of(result)


async def test_a_missing_secret_is_named(dsn: str) -> None:
    query, _ = sql_tools(SqlStanza(name="shop", dsn_secret="OTHER"), lambda name: "")
    assert "The secret OTHER is not set" in await refusal(query, query="SELECT 1")


def _other_user(dsn: str) -> str:
    scheme, _, rest = dsn.partition("://")
    return f"{scheme}://somebody:hunter2@{rest.rpartition('@')[2]}"
