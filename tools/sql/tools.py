"""The tools over a registered database: one runs a query, one lists what can be queried."""

import json
from typing import Any

from contracts.tools import ToolDefinition, ToolEffects, ToolError
from tools.protocol import Arguments, CallContext, Secrets, Tool, ToolOutput
from tools.sql.guard import MAX_CHARS, Checked, checked
from tools.sql.running import Database, Rows
from tools.sql.stanza import SqlStanza

_MORE_SECONDS = 15
"""What a call may take beyond its statement: connecting, and PostgreSQL's own end of a slow statement."""


def sql_tools(stanza: SqlStanza, secrets: Secrets) -> tuple[Tool, ...]:
    """Both, over one database."""
    database = Database(stanza, secrets)
    return QueryTool(stanza, database), TablesTool(stanza, database)


class QueryTool:
    """One statement."""

    def __init__(self, stanza: SqlStanza, database: Database) -> None:
        self._stanza = stanza
        self._database = database
        what = "one SELECT, INSERT, UPDATE, DELETE or MERGE" if stanza.writes else "one SELECT"
        self.definition = ToolDefinition(
            name=f"sql__{stanza.name}",
            description=(
                f"Run {what} in PostgreSQL over {stanza.name}, at most {stanza.max_rows} rows. {stanza.description}"
            ).strip(),
            parameters={
                "type": "object",
                "properties": {
                    "query": {"type": "string", "minLength": 1, "maxLength": MAX_CHARS},
                    "parameters": {
                        "type": "array",
                        "maxItems": 100,
                        "items": {"type": ["string", "number", "boolean", "null"]},
                        "description": "Values of $1, $2 and so on in the query",
                    },
                },
                "required": ["query"],
                "additionalProperties": False,
            },
            effects=_effects(stanza, writes=stanza.writes),
        )

    def effects_of(self, arguments: Arguments) -> ToolEffects:
        """A query that only reads does no more than that, whatever the connection allows."""
        try:
            return _effects(self._stanza, writes=self._checked(arguments).writes)
        except ToolError:
            return self.definition.effects

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        """Its rows, or how many it changed."""
        return _output(await self._database.run(self._checked(arguments)))

    def _checked(self, arguments: Arguments) -> Checked:
        return checked(arguments["query"], self._stanza.rules(), arguments.get("parameters", ()))


class TablesTool:
    """What there is to query."""

    def __init__(self, stanza: SqlStanza, database: Database) -> None:
        self._stanza = stanza
        self._database = database
        self.definition = ToolDefinition(
            name=f"sql__{stanza.name}__tables",
            description=f"List the tables and columns that sql__{stanza.name} can query.",
            parameters={"type": "object", "properties": {}, "additionalProperties": False},
            effects=_effects(stanza, writes=False),
        )

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        """One line for each table. Only what the role may read is listed."""
        schemas = ", ".join(f"'{schema}'" for schema in self._stanza.schemas)

        sql = (
            "SELECT table_schema, table_name, string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position) "  # noqa: S608
            f"FROM information_schema.columns WHERE table_schema IN ({schemas}) "
            "GROUP BY table_schema, table_name ORDER BY table_schema, table_name"
        )
        found = await self._database.run(Checked(sql, writes=False, returns=True))
        data = [{"schema": schema, "table": table, "columns": columns} for schema, table, columns in found.rows]
        lines = [f"{one['schema']}.{one['table']} ({one['columns']})" for one in data]
        lines += ["[There are more.]"] if found.cut else []
        return ToolOutput(data=data, text="\n".join(lines) or "[no tables]", truncated=found.cut)


def _effects(stanza: SqlStanza, *, writes: bool) -> ToolEffects:
    return ToolEffects(
        retry="unsafe" if writes else "safe",
        approval=writes and stanza.approval,
        timeout=stanza.timeout + _MORE_SECONDS,
        max_chars=stanza.max_chars,
        max_bytes=stanza.max_bytes,
    )


def _output(found: Rows) -> ToolOutput:
    data: dict[str, Any] = {"columns": list(found.columns), "rows": found.rows}
    lines = ["\t".join(found.columns)] if found.columns else []
    lines += ["\t".join(_cell(value) for value in row) for row in found.rows]
    if found.status:
        data["status"] = found.status
        lines.append(f"[{found.status}]")
    else:
        lines.append(f"[{len(found.rows)} rows{'; there are more: narrow the query' if found.cut else ''}]")
    return ToolOutput(data=data, text="\n".join(lines), truncated=found.cut)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("\t", " ").replace("\n", "\\n")
    return "NULL" if value is None else json.dumps(value, ensure_ascii=False)
