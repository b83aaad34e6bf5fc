"""The tools of a deployment, by name."""

import asyncio
from collections.abc import Iterable
from difflib import get_close_matches

from contracts.documents import Retriever
from contracts.errors import ErrorKind, PerdureError
from contracts.tools import ToolDefinition, ToolError, UnavailableTool
from tools.arguments import check_schema
from tools.calculator.tool import CalculatorTool
from tools.dates import DateTool
from tools.files.tools import file_tools
from tools.http.addresses import Resolve, resolve
from tools.http.tool import HttpTool
from tools.integrations.declaration import Integration
from tools.integrations.tool import integration_tools
from tools.mcp.tools import McpServer
from tools.pipelines import PipelinesTool
from tools.protocol import Closable, Secrets, Tool
from tools.retrieval import RetrieveTool
from tools.sql.tools import sql_tools
from tools.stanzas import ToolsStanza
from tools.web.tool import WebPageTool


class ToolRegistry:
    """Tools by name. Those of MCP servers are there once `discover` has found them."""

    def __init__(self, tools: Iterable[Tool] = (), servers: Iterable[McpServer] = ()) -> None:
        self._tools: dict[str, Tool] = {}
        self._offered: dict[str, dict[str, Tool]] = {}
        self._servers = tuple(servers)
        for tool in tools:
            self.add(tool)

    def add(self, tool: Tool) -> None:
        """Add a tool. Raises ValueError where its name is taken or its schema is none."""
        check_schema(tool.definition)
        name = tool.definition.name
        if name in self._all():
            raise ValueError(f"two tools are called {name!r}: give each its own name")
        self._tools[name] = tool

    def get(self, name: str) -> Tool:
        """The tool of that name. Raises `PerdureError` (not found), which names tools that are called much the same."""
        found = self._all()
        if name not in found:
            near = get_close_matches(name, found, n=3)
            hint = f" Did you mean {', '.join(near)}?" if near else " `perdure tools list` says what tools.yaml offers."
            raise PerdureError(ErrorKind.NOT_FOUND, f"There is no tool {name!r}.{hint}", field="name")
        return found[name]

    @property
    def has_servers(self) -> bool:
        """Whether there is an MCP server to ask."""
        return bool(self._servers)

    def definitions(self) -> tuple[ToolDefinition, ...]:
        """What there is, by name."""
        return tuple(tool.definition for _, tool in sorted(self._all().items()))

    async def discover(self) -> tuple[UnavailableTool, ...]:
        """Ask every MCP server what it offers, and say what cannot be used. It can be called again, for servers come and go;
        one that does not answer keeps what it offered before.
        """
        offers = await asyncio.gather(*(self._discover(server) for server in self._servers))
        return tuple(one for offer in offers for one in offer)

    async def close(self) -> None:
        """Close connections and processes."""
        closables: list[Closable] = [tool for tool in self._tools.values() if isinstance(tool, Closable)]
        for closable in (*closables, *self._servers):
            await closable.close()

    async def _discover(self, server: McpServer) -> list[UnavailableTool]:
        try:
            offer = await server.offer()
        except ToolError as problem:
            return [UnavailableTool(name=server.name, reason=problem.message)]
        others = self._all().keys() - self._offered.get(server.name, {}).keys()
        self._offered[server.name] = {
            tool.definition.name: tool for tool in offer.tools if tool.definition.name not in others
        }
        taken = [tool.definition.name for tool in offer.tools if tool.definition.name in others]
        return [
            *(UnavailableTool(name=f"{server.name}/{name}", reason=reason) for name, reason in offer.refused.items()),
            *(UnavailableTool(name=f"{server.name}/{name}", reason="another tool has this name") for name in taken),
        ]

    def _all(self) -> dict[str, Tool]:
        found = dict(self._tools)
        for offered in self._offered.values():
            found.update(offered)
        return found


def build(
    stanza: ToolsStanza,
    secrets: Secrets,
    *,
    integrations: Iterable[Integration] = (),
    resolver: Resolve = resolve,
    retriever: Retriever | None = None,
) -> ToolRegistry:
    """The registry that a configuration describes; `integrations` are those that it names, read. Nothing is connected to yet.
    With a retriever there is the tool that asks it.

    Raises ValueError, naming the tool, where two share a name.
    """
    tools: list[Tool] = [CalculatorTool(), DateTool()]
    tools += [RetrieveTool(retriever)] if retriever is not None else []
    for database in stanza.sql:
        tools += sql_tools(database, secrets)
    tools += [HttpTool(host, secrets, resolver=resolver) for host in stanza.http]
    tools += [WebPageTool(stanza.web, resolver=resolver)] if stanza.web else []
    tools += [PipelinesTool(stanza.pipelines)] if stanza.pipelines else []
    tools += file_tools(stanza.files) if stanza.files else ()
    for integration in integrations:
        tools += integration_tools(integration, secrets, resolver=resolver)
    return ToolRegistry(tools, [McpServer(server, secrets) for server in stanza.mcp])
