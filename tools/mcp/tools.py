"""A server's tools as ours: listed, allowed by name, called."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from contracts.tools import ToolDefinition, ToolError
from tools.arguments import check_schema
from tools.mcp.connection import McpConnection
from tools.mcp.results import output_of
from tools.mcp.stanza import McpProcess, McpUrl
from tools.protocol import Arguments, CallContext, Secrets, ToolOutput

if TYPE_CHECKING:
    from mcp_types import RequestParamsMeta
    from mcp_types import Tool as McpListed

IDEMPOTENCY_META = "perdure/idempotency-key"
"""Where a server finds the call's idempotency key, in the request's `_meta`."""

_MAX_PAGES = 20
_MAX_DESCRIPTION = 4_000
_NOT_DONE = frozenset({-32600, -32601, -32602, -32700})
"""JSON-RPC's codes of a request that was refused before anything was done (jsonrpc.org/specification, 5.1)."""
_SESSION_GONE = -32600
"""The SDK's code for HTTP 404, by which a server says that it knows the session no longer: it was started anew."""
_CONNECTION_CLOSED = -32000
"""The SDK's code for a connection that broke. Its client never recovers."""


@dataclass(frozen=True, slots=True)
class McpOffer:
    """The tools that a server offers and that may be called, and those that cannot be, each with the reason."""

    tools: "tuple[McpTool, ...]"
    refused: dict[str, str]


class McpServer:
    """One registered server."""

    def __init__(self, stanza: McpProcess | McpUrl, secrets: Secrets) -> None:
        self._stanza = stanza
        self._connection = McpConnection(stanza, secrets)

    @property
    def name(self) -> str:
        """The stanza's name."""
        return self._stanza.name

    async def offer(self) -> McpOffer:
        """List what it has. Raises `ToolError` where it does not answer."""
        found: dict[str, McpTool] = {}
        refused: dict[str, str] = {}
        for listed in await self._listed():
            if not any(fnmatchcase(listed.name, pattern) for pattern in self._stanza.allow):
                continue
            try:
                tool = McpTool(self, listed, self._stanza)
                check_schema(tool.definition)
                if tool.definition.name in found:
                    raise ValueError(f"two of its tools would be called {tool.definition.name}")
                found[tool.definition.name] = tool
            except ValueError as problem:
                refused[listed.name] = str(problem)[:500]
        return McpOffer(tuple(found.values()), refused)

    async def call(self, name: str, arguments: Arguments, context: CallContext, *, renewed: bool = False) -> ToolOutput:
        """Call one of its tools. Raises `ToolError`. `renewed`: the session was opened for this call."""
        import anyio
        from mcp.shared.exceptions import MCPError

        client = await self._connection.client()
        hider = self._connection.hider
        try:
            result = await client.call_tool(
                name,
                arguments,
                read_timeout_seconds=self._stanza.timeout,
                meta=_meta(context),
            )
        except MCPError as problem:
            if problem.code in (_SESSION_GONE, _CONNECTION_CLOSED):
                await self._connection.renew(client)
            if problem.code == _SESSION_GONE and not renewed:
                return await self.call(name, arguments, context, renewed=True)
            said = hider.text(f"The MCP server {self.name} answered: {problem.message[:1000]} ({problem.code}).")
            raise ToolError(said, maybe_done=problem.code not in _NOT_DONE) from None
        except (anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
            await self._connection.renew(client)
            raise ToolError(f"The MCP server {self.name} is gone.", maybe_done=True, temporary=True) from None
        return output_of(result, hider)

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def _listed(self) -> "list[McpListed]":
        from mcp.shared.exceptions import MCPError

        client = await self._connection.client()
        found: list[McpListed] = []
        cursor: str | None = None
        try:
            for _ in range(_MAX_PAGES):
                page = await client.list_tools(cursor=cursor)
                found += page.tools
                cursor = page.next_cursor
                if cursor is None:
                    break
        except MCPError as problem:
            await self._connection.renew(client)
            raise ToolError(
                f"The MCP server {self.name} does not list its tools ({problem.code}).", temporary=True
            ) from None
        return found


class McpTool:
    """One tool of a server."""

    def __init__(self, server: McpServer, listed: "McpListed", stanza: McpProcess | McpUrl) -> None:
        self._server = server
        self._name = listed.name
        hints = listed.annotations
        self.definition = ToolDefinition(
            name=tool_name(stanza.name, listed.name),
            description=(listed.description or listed.title or listed.name)[:_MAX_DESCRIPTION],
            parameters=_parameters(listed.input_schema),
            effects=stanza.effects(
                listed.name,
                reads_only=bool(hints and hints.read_only_hint),
                idempotent=bool(hints and hints.idempotent_hint),
            ),
        )

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        """Call it."""
        return await self._server.call(self._name, arguments, context)


def _meta(context: CallContext) -> "RequestParamsMeta":
    # The protocol leaves `_meta` open for names with a prefix.
    return cast("RequestParamsMeta", {IDEMPOTENCY_META: context.idempotency_key})


def tool_name(server: str, tool: str) -> str:
    """`server__tool` in the letters that every vendor takes, at most 64; a long name ends in a digest of the whole."""
    name = f"{server}__{re.sub(r'[^a-zA-Z0-9_-]', '_', tool)}"
    if len(name) <= 64:
        return name
    return f"{name[:55]}_{sha256(tool.encode()).hexdigest()[:8]}"


def _parameters(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": schema.get("type", "object"), "properties": schema.get("properties", {})}
