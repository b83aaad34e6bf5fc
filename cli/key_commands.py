"""`perdure keys`: the commands. Each imports what it needs when it runs."""

from typing import Annotated

import typer

from cli.options import Json
from cli.running import run

keys_app = typer.Typer(help="API keys.", no_args_is_help=True)

Named = Annotated[str, typer.Argument(help="The key's id or prefix.")]
Workspace = Annotated[str, typer.Option(help="The workspace; one that is new is made.")]


@keys_app.command("create")
def create(
    name: str,
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do: admin, ask, read, budgets, policies. Again for more.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="A model that it may use; may end in *. Again for more; none: all.")
    ] = None,
    tier: Annotated[str | None, typer.Option(help="The policy's user tier of whoever uses it.")] = None,
    days: Annotated[float | None, typer.Option(min=0.0001, help="The days until it ends.")] = None,
    limit: Annotated[
        str | None, typer.Option(help="What it may spend in a period, in USD: a budget of its own.")
    ] = None,
    period: Annotated[str, typer.Option(help="Of the limit: hour, day, week, month or total.")] = "month",
    workspace: Workspace = "default",
    as_json: Json = False,
) -> None:
    """Make a key. It is shown once. Without a scope it may do everything."""
    from datetime import UTC, datetime

    from cli.keys import create as create_key
    from cli.keys import rights_of

    rights = rights_of(scope or ["admin"], model or [], tier, days, now=datetime.now(UTC))
    run(create_key, name=name, rights=rights, limit=limit, period=period, workspace=workspace, as_json=as_json)


@keys_app.command("list")
def list_keys(workspace: Workspace = "default", as_json: Json = False) -> None:
    """List the keys, by their visible prefix."""
    from cli.keys import listed

    run(listed, workspace=workspace, as_json=as_json)


@keys_app.command("rotate")
def rotate(
    key: Named,
    grace: Annotated[float, typer.Option(min=0, help="The minutes for which the former key still works.")] = 0,
    workspace: Workspace = "default",
    as_json: Json = False,
) -> None:
    """Make a key in place of another, with its rights and its budgets. It is shown once."""
    from cli.keys import rotate as rotate_key

    run(rotate_key, id_or_prefix=key, grace_minutes=grace, workspace=workspace, as_json=as_json)


@keys_app.command("revoke")
def revoke(key: Named, workspace: Workspace = "default", as_json: Json = False) -> None:
    """End a key. Servers that have just seen it may honour it for ten seconds more."""
    from cli.keys import revoke as revoke_key

    run(revoke_key, id_or_prefix=key, workspace=workspace, as_json=as_json)
