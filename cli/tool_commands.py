"""`perdure tools`: the commands. Each imports what it needs when it runs."""

import asyncio
from typing import Annotated

import typer

from cli.options import Json, Key, Url

tools_app = typer.Typer(help="Tools: what models and pipelines may call.", no_args_is_help=True)


@tools_app.command("list")
def tools_list(url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """List the tools of the server, what a call of each does, and what cannot be used."""
    from cli.client import reach
    from cli.tools import list_tools

    asyncio.run(list_tools(reach(url, key), as_json=as_json))


@tools_app.command("check")
def tools_check(
    file: Annotated[str | None, typer.Argument(help="By default the settings' tools file, or tools.yaml.")] = None,
    as_json: Json = False,
) -> None:
    """Check a tools file and its integrations here, without a server and without connecting to anything."""
    from cli.tools import check_tools

    check_tools(file, as_json=as_json)
