"""What a model may try with a read-only connection. Each attack is tried on the reader, and those that pass it on PostgreSQL."""

import asyncio

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.tools import ToolError, ToolOutcome
from tests.fixtures.postgres import PostgresServer, create_database, execute
from tests.tools.calls import text_of, use
from tools.sql.guard import SqlRules, checked
from tools.sql.stanza import SqlStanza
from tools.sql.tools import QueryTool, sql_tools

pytestmark = pytest.mark.real

ATTACKS = {
    "a write": "INSERT INTO kept VALUES (2)",
    "an update": "UPDATE kept SET n = 2",
    "a delete": "DELETE FROM kept",
    "a merge": "MERGE INTO kept USING (SELECT 2 AS n) s ON false WHEN NOT MATCHED THEN INSERT VALUES (s.n)",
    "a truncate": "TRUNCATE kept",
    "a drop": "DROP TABLE kept",
    "a write in a CTE": "WITH gone AS (DELETE FROM kept RETURNING n) SELECT * FROM gone",
    "a write in a CTE of a CTE": "WITH a AS (WITH b AS (UPDATE kept SET n = 9 RETURNING n) SELECT * FROM b) SELECT * FROM a",
    "a CTE before a write": "WITH a AS (SELECT 2 AS n) INSERT INTO kept SELECT n FROM a",
    "a second statement": "SELECT 1; DELETE FROM kept",
    "a second statement behind a comment": "SELECT 1; -- harmless\nDELETE FROM kept",
    "a comment that ends early": "SELECT 1 /* /* */ */; DELETE FROM kept",
    "a comment that does not nest": "SELECT /* /* */ 1 */ ; DELETE FROM kept --",
    "a comment of MySQL": "SELECT 1 /*! ; DELETE FROM kept */",
    "a quote that a backslash ends": "SELECT '\\'; DELETE FROM kept; --'",
    "an escape string": "SELECT E'\\'; DELETE FROM kept; --'",
    "dollar quotes": "SELECT $a$ $b$ $a$; DELETE FROM kept; SELECT $b$ $a$ $b$",
    "a block of code": "DO $$ BEGIN DELETE FROM kept; END $$",
    "a unicode string": "SELECT U&'\\0027; DELETE FROM kept; --'",
    "a function that runs text": "SELECT query_to_xml('DELETE FROM kept', true, true, '')",
    "a function that runs text, quoted": "SELECT \"query_to_xml\"('DELETE FROM kept', true, true, '')",
    "a function of pg_catalog": "SELECT pg_catalog.query_to_xml('DELETE FROM kept', true, true, '')",
    "a function of its own": "SELECT wipe()",
    "a function of its own in FROM": "SELECT * FROM wipe()",
    "a function of its own in FROM, by schema": "SELECT * FROM public.wipe()",
    "a function of its own in a lateral": "SELECT * FROM kept, LATERAL wipe() AS w",
    "a function in a window": "SELECT n, sum(wipe()) OVER () FROM kept",
    "a function in a filter": "SELECT count(*) FILTER (WHERE wipe() = 1) FROM kept",
    "a function in ORDER BY": "SELECT n FROM kept ORDER BY wipe()",
    "a function in LIMIT": "SELECT n FROM kept LIMIT wipe()",
    "a function in VALUES": "VALUES (wipe())",
    "a function in a case": "SELECT CASE WHEN true THEN wipe() END",
    "a function by attribute": "SELECT k.wipe_row FROM kept k",
    "an operator": "SELECT 1 <!!> 2",
    "an operator by name": "SELECT 1 OPERATOR(public.<!!>) 2",
    "a cast": "SELECT 1::int::wiper",
    "a sequence": "SELECT nextval('counted')",
    "a sequence set": "SELECT setval('counted', 1000)",
    "a setting": "SELECT set_config('transaction_read_only', 'off', false)",
    "SET": "SET TRANSACTION READ WRITE",
    "the end of the transaction": "COMMIT",
    "a table made": "SELECT n INTO copied FROM kept",
    "a table made by CTAS": "CREATE TABLE copied AS SELECT n FROM kept",
    "a lock": "SELECT n FROM kept FOR UPDATE",
    "an advisory lock": "SELECT pg_advisory_lock(1)",
    "a large object": "SELECT lo_from_bytea(0, 'x')",
    "a file of the server": "SELECT pg_read_file('/etc/passwd')",
    "COPY to a program": "COPY kept TO PROGRAM 'cat'",
    "COPY from": "COPY kept FROM '/etc/passwd'",
    "a sleep": "SELECT pg_sleep(1000)",
    "a signal": "SELECT pg_terminate_backend(1)",
    "EXPLAIN ANALYZE": "EXPLAIN ANALYZE DELETE FROM kept",
    "a prepared statement": "EXECUTE wiping",
    "a cursor": "DECLARE c CURSOR FOR SELECT 1",
    "a notice": "NOTIFY kept",
    "CALL": "CALL wiping()",
    "the passwords": "SELECT * FROM pg_catalog.pg_authid",
    "the passwords, without a schema": "SELECT * FROM pg_authid",
    "another schema": "SELECT * FROM hidden.salaries",
    "another schema, quoted": 'SELECT * FROM "hidden"."salaries"',
    "another schema by TABLE": "TABLE hidden.salaries",
    "another schema by a string": "SELECT * FROM information_schema.tables",
    "another database": "SELECT * FROM other.public.kept",
    "a name as a regclass": "SELECT 'hidden.salaries'::regclass",
}

_TABLES = (
    "CREATE TABLE kept (n int)",
    "INSERT INTO kept VALUES (1)",
    "CREATE SEQUENCE counted",
    "CREATE SCHEMA hidden",
    "CREATE TABLE hidden.salaries (amount int)",
    "INSERT INTO hidden.salaries VALUES (424242)",
    "CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM kept; SELECT 1'",
    "CREATE FUNCTION wipe_row(kept) RETURNS int LANGUAGE sql AS 'DELETE FROM kept; SELECT 1'",
    "CREATE FUNCTION wipe_two(int, int) RETURNS int LANGUAGE sql AS 'DELETE FROM kept; SELECT 1'",
    "CREATE OPERATOR <!!> (LEFTARG = int, RIGHTARG = int, FUNCTION = wipe_two)",
    "CREATE PROCEDURE wiping() LANGUAGE sql AS 'DELETE FROM kept'",
)


@pytest.fixture(scope="module")
def dsn(postgres_server: PostgresServer) -> str:
    async def make() -> str:
        made = await create_database(postgres_server)
        await execute(made, *_TABLES)
        return made

    return asyncio.run(make())


@pytest.fixture(scope="module")
def query(dsn: str) -> QueryTool:
    """As a superuser, who could do anything: the worst case."""
    tool, _ = sql_tools(SqlStanza(name="shop", dsn_secret="DSN"), lambda name: dsn)
    assert isinstance(tool, QueryTool)
    return tool


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_an_attack_changes_nothing_and_shows_nothing(dsn: str, query: QueryTool, attack: str) -> None:
    result = await use(query, query=attack)
    assert "424242" not in text_of(result)
    assert "root:" not in text_of(result)
    assert "SCRAM" not in text_of(result)
    assert await _state(dsn) == (1, None, False)


# These are strings and comments to PostgreSQL too: reading them is no harm, and what is run is written anew.
HARMLESS = {"a comment of MySQL", "a comment that ends early", "a name as a regclass"}
# PostgreSQL's read-only transaction refuses these, as the reader cannot know that a column is a function.
LEFT_TO_POSTGRES = {"a function by attribute", "a cast", "a quote that a backslash ends"}


@pytest.mark.parametrize("name", [name for name in ATTACKS if name not in HARMLESS | LEFT_TO_POSTGRES])
def test_the_reader_alone_refuses_it(name: str) -> None:
    with pytest.raises(ToolError):
        checked(ATTACKS[name], SqlRules())


@pytest.mark.parametrize("name", sorted(LEFT_TO_POSTGRES))
async def test_postgres_refuses_the_rest(query: QueryTool, name: str) -> None:
    result = await use(query, query=ATTACKS[name])
    assert result.outcome is ToolOutcome.FAILED or result.data["rows"]


async def test_a_write_is_refused_by_the_transaction_as_well(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            async with connection.transaction(readonly=True):
                await connection.execute("SELECT wipe()")
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM kept",
        "SELECT count(*), max(n) FROM kept WHERE n BETWEEN $1 AND $2 GROUP BY n HAVING count(*) > 0 ORDER BY 1 LIMIT 3",
        "WITH a AS (SELECT n FROM kept) SELECT a.n, row_number() OVER (ORDER BY a.n) FROM a LEFT JOIN kept USING (n)",
        "SELECT n, lag(n) OVER w FROM kept WINDOW w AS (PARTITION BY n ORDER BY n)",
        "SELECT date_trunc('month', now()) - interval '1 month'",
        "SELECT '{\"a\": {\"b\": 1}}'::jsonb -> 'a' ->> 'b', jsonb_build_object('x', 1) @> '{\"x\": 1}'",
        "SELECT string_agg(n::text, ', ' ORDER BY n) FILTER (WHERE n > 0) FROM kept",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n) FROM kept",
        "SELECT * FROM generate_series(1, 3) AS g(i) WHERE i IN (SELECT n FROM kept) OR EXISTS (SELECT 1 FROM kept)",
        "SELECT n FROM kept UNION ALL SELECT 2 INTERSECT SELECT 3 EXCEPT SELECT 4",
        "VALUES (1, 'a'), (2, 'b')",
        "SELECT array_agg(n), unnest(ARRAY[1, 2]) FROM kept",
        "SELECT extract(year FROM timestamp '2026-01-01'), 'a' ILIKE 'A%', 'b' ~* '^B', coalesce(NULL, 1)",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t",
        "SELECT DISTINCT ON (n) n, CASE WHEN n > 0 THEN 'more' ELSE 'less' END FROM public.kept ORDER BY n DESC NULLS LAST",
    ],
    ids=range(15),
)
async def test_what_people_ask_is_answered(query: QueryTool, sql: str) -> None:
    result = await use(query, query=sql, parameters=[0, 10])
    assert result.outcome is ToolOutcome.OK, text_of(result)


@given(
    st.lists(
        st.sampled_from(
            [*"1();'\\\n", "SELECT", "FROM", "kept", "--", "/*", "*/", "$a$", "DELETE", "WITH", "AS", "wipe()"]
        ),
        max_size=25,
    )
)
def test_whatever_is_let_through_is_one_statement_that_reads(words: list[str]) -> None:
    try:
        found = checked(" ".join(words), SqlRules())
    except ToolError:
        return
    assert not found.writes
    assert "wipe(" not in found.sql.lower()
    again = checked(found.sql, SqlRules())
    assert not again.writes


async def _state(dsn: str) -> tuple[int, str | None, bool]:
    connection = await asyncpg.connect(dsn)
    try:
        kept = await connection.fetchval("SELECT count(*) FROM kept WHERE n = 1")
        made = await connection.fetchval("SELECT to_regclass('copied')::text")
        called = await connection.fetchval("SELECT is_called FROM counted")
    finally:
        await connection.close()
    return kept, made, called
