"""A real MCP server of the SDK, as a process of its own: `python mcp_server.py [http PORT]`."""

import os
import sys
from pathlib import Path

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ImageContent, TextContent, ToolAnnotations

server = MCPServer("house")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def write_down(text: str, ctx: Context) -> str:
    """Write a line into the ledger."""
    meta = ctx.request_context.meta
    key = dict(meta).get("perdure/idempotency-key", "none") if meta else "none"
    with Path(os.environ["LEDGER"]).open("a") as ledger:
        ledger.write(f"{text} {key}\n")
    return "written"


@server.tool()
def fail(text: str) -> str:
    """Fail with a text."""
    raise ToolError(text)


@server.tool()
def die() -> str:
    """End the process in the middle of a call."""
    os._exit(3)


@server.tool()
def tell_secret() -> str:
    """Say what the environment holds."""
    return f"token {os.environ.get('TOKEN', 'none')}, home {os.environ.get('PERDURE_SECRET', 'none')}"


@server.tool()
def show() -> list[TextContent | ImageContent]:
    """A picture with a word."""
    return [TextContent(type="text", text="a dot"), ImageContent(type="image", data="iVBORw0=", mime_type="image/png")]


@server.tool(name="odd name/ä")
def odd() -> str:
    """A name that no vendor takes."""
    return "odd"


if __name__ == "__main__":
    if sys.argv[1:2] == ["http"]:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[2]))
    else:
        server.run("stdio")
