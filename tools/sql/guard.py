"""Reading a query before the database does. What is run is written anew from what was read, so nothing hides from the reader."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.tools import ToolError
from tools.sql.functions import ALLOWED_FUNCTIONS

if TYPE_CHECKING:
    from sqlglot import exp

MAX_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class SqlRules:
    """What a connection allows: `schemas` whose tables are seen, further `functions`, and whether rows may be changed."""

    schemas: frozenset[str] = frozenset({"public"})
    functions: frozenset[str] = frozenset()
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A statement that may be run: `sql` in PostgreSQL's words, whether it `writes`, and whether it `returns` rows."""

    sql: str
    writes: bool
    returns: bool


def checked(text: str, rules: SqlRules, parameters: Sequence[Any] = ()) -> Checked:
    """The one statement in `text`, with `$1`… replaced by literals of the `parameters`. Raises `ToolError` for all that is not
    allowed, which says why.
    """
    from sqlglot import exp
    from sqlglot.errors import ErrorLevel, UnsupportedError

    tree = _parsed(text)
    writes = any(isinstance(node, exp.DML) for node in tree.walk())
    _check_root(tree, writes, rules)
    for node in tree.walk():
        _check_node(node, rules)
    tree = tree.transform(lambda node: _bound(node, parameters))
    try:
        sql = tree.sql(dialect="postgres", comments=False, unsupported_level=ErrorLevel.RAISE)
    except (UnsupportedError, RecursionError, ValueError):
        raise ToolError("The query cannot be written in PostgreSQL's words. Simplify it.", field="query") from None
    returns = isinstance(tree, exp.Query) or tree.args.get("returning") is not None
    return Checked(sql, writes, returns)


def _parsed(text: str) -> "exp.Expr":
    import sqlglot
    from sqlglot.errors import ErrorLevel, SqlglotError

    # It logs the text of statements that it does not understand.
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    if len(text) > MAX_CHARS:
        raise ToolError(f"The query is longer than {MAX_CHARS} characters. Shorten it.", field="query")
    try:
        found = sqlglot.parse(text, read="postgres", error_level=ErrorLevel.RAISE)
    except SqlglotError as problem:
        raise ToolError(f"The query cannot be read{_place(problem)}. Write plain PostgreSQL.", field="query") from None
    except RecursionError:
        raise ToolError("The query is nested too deeply.", field="query") from None
    statements = [statement for statement in found if statement is not None]
    if len(statements) != 1:
        raise ToolError(f"The query has {len(statements)} statements. Send exactly one.", field="query")
    return statements[0]


def _place(problem: Any) -> str:
    first = next(iter(getattr(problem, "errors", [])), None)
    return f" at line {first['line']}, column {first['col']}: {first['description']}" if first else ""


def _check_root(tree: "exp.Expr", writes: bool, rules: SqlRules) -> None:
    from sqlglot import exp

    if not isinstance(tree, exp.Query | exp.Values | exp.Insert | exp.Update | exp.Delete | exp.Merge):
        raise ToolError("Only a SELECT (or VALUES) can be run here." + _if_writes(rules), field="query")
    if writes and not rules.writes:
        raise ToolError("The query changes data, also inside WITH; this connection is read-only.", field="query")


def _if_writes(rules: SqlRules) -> str:
    return " Or an INSERT, UPDATE, DELETE or MERGE." if rules.writes else ""


def _check_node(node: "exp.Expr", rules: SqlRules) -> None:
    from sqlglot import exp

    if isinstance(node, exp.Func):
        _check_function(node, rules)
    elif isinstance(node, exp.Table):
        _check_table(node, rules)
    elif isinstance(node, _refused_nodes()):
        raise ToolError(
            f"The query uses {_word(node)}, which is not allowed here. Write it another way.", field="query"
        )


def _refused_nodes() -> tuple[type, ...]:
    """Statements that can hide in others, locks, and literals whose escapes are easily read in two ways."""
    from sqlglot import exp

    return (
        *(
            exp.Command,
            exp.Into,
            exp.Lock,
            exp.Copy,
            exp.Set,
            exp.Create,
            exp.Drop,
            exp.Alter,
            exp.Transaction,
            exp.Commit,
        ),
        *(exp.Rollback, exp.Pragma, exp.Kill, exp.Use, exp.Describe, exp.Show, exp.Operator, exp.Placeholder),
        *(exp.ByteString, exp.UnicodeString, exp.RawString, exp.National, exp.Heredoc, exp.SessionParameter),
    )


def _word(node: "exp.Expr") -> str:
    words = {
        "Into": "SELECT INTO",
        "Lock": "FOR UPDATE or SHARE",
        "ByteString": "an E'' string",
        "UnicodeString": "a U&'' string",
        "Placeholder": "a placeholder other than $1, $2…",
    }
    name = type(node).__name__
    return words.get(name, name.upper())


def _check_function(node: "exp.Func", rules: SqlRules) -> None:
    from sqlglot import exp

    if isinstance(node, exp.NextValueFor | exp.AnonymousAggFunc | exp.CombinedAggFunc | exp.ParameterizedAgg):
        raise ToolError("The query uses a function that is not allowed here.", field="query")
    if not isinstance(node, exp.Anonymous):
        return
    name = node.name.lower()
    parent = node.parent
    if isinstance(parent, exp.Dot) and parent.expression is node:
        name = f"{parent.this.sql(dialect='postgres').lower()}.{name}"
    if name not in ALLOWED_FUNCTIONS and name not in rules.functions:
        raise ToolError(f"The function {name} is not allowed here.", field="query")


def _check_table(node: "exp.Table", rules: SqlRules) -> None:
    from sqlglot import exp

    if isinstance(node.this, exp.Func):
        if node.args.get("db"):
            raise ToolError("Functions of a schema are not allowed in FROM.", field="query")
        return
    name, schema = node.name, _folded(node.args.get("db"))
    if node.catalog:
        raise ToolError("Tables are named by schema and name alone.", field="query")
    if schema and schema not in rules.schemas:
        raise ToolError(
            f"The schema {schema} is not seen here; there is {', '.join(sorted(rules.schemas))}.", field="query"
        )
    if not schema and name.lower().startswith("pg_"):
        # PostgreSQL looks into pg_catalog first.
        raise ToolError(f"The table {name} belongs to the system and is not seen here.", field="query")


def _folded(identifier: "exp.Expr | None") -> str:
    """The name as PostgreSQL reads it: in lower case unless quoted."""
    if identifier is None:
        return ""
    return identifier.name if identifier.args.get("quoted") else identifier.name.lower()


def _bound(node: "exp.Expr", parameters: Sequence[Any]) -> "exp.Expr":
    """A parameter as a literal of its value: data that the generator quotes, never text that is parsed."""
    from sqlglot import exp

    if not isinstance(node, exp.Parameter):
        return node
    number = node.name
    if not number.isascii() or not number.isdigit() or not 1 <= int(number) <= len(parameters):
        raise ToolError(f"The query uses ${number}, and {len(parameters)} parameters were given.", field="parameters")
    value = parameters[int(number) - 1]
    if value is None:
        return exp.Null()
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, int | float):
        literal = exp.Literal.number(str(abs(value)))
        # In brackets: `- -1` must not become a comment.
        return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal
    return exp.Literal.string(value)
