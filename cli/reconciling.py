"""`perdure ledger reconcile` and `perdure costs reconcile`: a vendor's export against the ledger."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.client import Server, exit_of, explain
from cli.databases import own_database
from cli.exits import Exit, fail
from contracts.errors import PerdureError
from domain.reconciling.comparing import compare
from domain.reconciling.reading import read_export
from domain.reconciling.showing import shown
from settings import Settings
from storage import reconciling, workspaces


async def reconcile_here(
    settings: Settings, *, path: Path, providers: Sequence[str], workspace: str | None, as_json: bool
) -> None:
    """Compare with the database's own ledger, of all workspaces where none is named. Ends with 1 where something differs."""
    try:
        export = read_export(_text(path))
    except PerdureError as error:
        fail(f"{path}: {error.message}", Exit.USAGE)
    sums = []
    if export.begins is not None and export.ends is not None:
        async with own_database(settings) as database, database.begin() as connection:
            only = None if workspace is None else await _workspace(connection, workspace)
            sums = await reconciling.sums(
                connection,
                workspace_id=only,
                providers=list(providers) or [export.vendor],
                begins=export.begins,
                ends=export.ends,
            )
    _tell(shown(compare(export, sums)), as_json=as_json)


async def reconcile_there(server: Server, *, path: Path, providers: Sequence[str], as_json: bool) -> None:
    """Compare with a server's ledger, of the key's workspace. Ends with 1 where something differs."""
    import httpx2

    asked = {"provider": list(providers)}
    async with server.http(httpx2.Timeout(120)) as http:
        try:
            answer = await http.post("/api/costs/reconcile", content=_text(path).encode(), params=asked)
        except httpx2.TransportError:
            fail(f"{server.url} cannot be reached. Is `perdure up` running?", Exit.UNREACHABLE)
    if answer.is_error:
        fail(explain(answer), exit_of(answer))
    _tell(answer.json(), as_json=as_json)


async def _workspace(connection: AsyncConnection, name: str) -> UUID:
    try:
        return (await workspaces.named(connection, name)).id
    except PerdureError as error:
        fail(error.message, Exit.NOT_FOUND)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{path} cannot be read: {error}.", Exit.USAGE)


def _tell(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found))
    else:
        _print(Console(highlight=False), found)
    if not found["agrees"]:
        raise typer.Exit(int(Exit.FAILED))


def _print(console: Console, found: dict[str, Any]) -> None:
    when = f" from {found['from']} until {found['until']}" if found["from"] else ""
    console.print(f"{found['shape']}{when}", soft_wrap=True)
    for note in found["notes"]:
        console.print(escape(note), soft_wrap=True)
    differing = [row for row in found["rows"] if not row["agrees"]]
    if not differing:
        console.print(f"[green]agrees[/green]  {len(found['rows'])} models and days: {_said(found['total']['vendor'])}")
        return
    table = Table("day", "model", "the vendor says", "the ledger says", "difference")
    for row in [*differing, found["total"]]:
        table.add_row(
            row["day"] or "all",
            escape(row["model"]),
            _said(row["vendor"]),
            _said(row["ledger"]),
            _said({name: value for name, value in row["difference"].items() if value not in (0, "0")}),
        )
    console.print(table)
    for row in differing:
        for reason in row["because"]:
            console.print(f"{row['day']} {escape(row['model'])}: {reason}", soft_wrap=True)


def _said(figures: dict[str, Any]) -> str:
    return "\n".join(f"{name.removesuffix('_usd')} {value}" for name, value in figures.items())
