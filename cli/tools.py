"""`perdure tools`: what the commands do."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.client import Server, ask
from cli.exits import Exit, fail


async def list_tools(server: Server, *, as_json: bool) -> None:
    """Print the server's tools."""
    async with server.http() as http:
        found = await ask(http, "GET", "/api/tools")
    if as_json:
        print(json.dumps(found))
        return
    console = Console(highlight=False)
    console.print(_table(found["data"]))
    for one in found["unavailable"]:
        console.print(f"Away: {one['name']} ({one['reason']})")


def check_tools(file: str | None, *, as_json: bool) -> None:
    """Print what a file's tools would be, or all that is wrong with it."""
    from settings import Settings
    from tools.retrieval import RetrieveTool
    from workers.tool_files import ToolsFileError
    from workers.tooling import build_tools

    settings = Settings()
    if file is not None:
        settings = settings.model_copy(update={"tools_file": Path(file)})
    try:
        # Without a database nobody can retrieve; where tools run, there is one.
        defined = [*build_tools(settings).definitions(), RetrieveTool.definition]
        found = [one.model_dump(mode="json") for one in sorted(defined, key=lambda one: one.name)]
    except ToolsFileError as error:
        if as_json:
            print(json.dumps({"valid": False, "problems": str(error).splitlines()}))
        fail(str(error), Exit.FAILED)
    if as_json:
        print(json.dumps({"valid": True, "tools": found}))
        return
    console = Console(highlight=False)
    console.print(_table(found))
    console.print("The file is valid. MCP servers were not asked.")


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table("tool", "again", "approval", "USD", "what it does")
    for one in found:
        effects = one["effects"]
        cost = effects["cost"] if float(effects["cost"]) else ""
        table.add_row(one["name"], effects["retry"], "yes" if effects["approval"] else "", cost, one["description"])
    return table
