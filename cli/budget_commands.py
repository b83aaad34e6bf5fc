"""`perdure budgets` and `perdure ledger`: the commands. Each imports what it needs when it runs."""

import asyncio
from typing import Annotated

import typer

from cli.options import Export, Json, Key, Providers, Url
from cli.running import run

budgets_app = typer.Typer(help="Budgets: who may spend how much.", no_args_is_help=True)
ledger_app = typer.Typer(help="The ledger: what was spent.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The budget's id.")]


@budgets_app.command("list")
def list_budgets(url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """List the budgets, and where they stand."""
    from cli.budgets import list_budgets as listing
    from cli.client import reach

    asyncio.run(listing(reach(url, key), as_json=as_json))


@budgets_app.command("set")
def set_budget(
    scope: Annotated[str, typer.Argument(help="workspace, user, key, tag, model or run.")],
    limit: Annotated[str, typer.Argument(help="How much, in the unit.")],
    value: Annotated[str, typer.Option(help="Which one of the scope; * for each by itself.")] = "",
    unit: Annotated[str, typer.Option(help="usd, tokens or requests.")] = "usd",
    period: Annotated[str, typer.Option(help="hour, day, week, month or total.")] = "month",
    rolling: Annotated[bool, typer.Option(help="The period up to now, rather than the calendar's.")] = False,
    soft: Annotated[bool, typer.Option(help="Only alert, and refuse nothing.")] = False,
    time_zone: Annotated[str, typer.Option(help="Whose calendar.")] = "UTC",
    name: Annotated[str, typer.Option(help="What to call it.")] = "",
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Set a budget."""
    from cli.budgets import set_budget as setting
    from cli.client import reach

    body = {
        "scope": scope,
        "value": value,
        "limit": limit,
        "unit": unit,
        "period": period,
        "rolling": rolling,
        "hard": not soft,
        "time_zone": time_zone,
        "name": name,
    }
    asyncio.run(setting(reach(url, key), body, as_json=as_json))


@budgets_app.command("status")
def status(budget: Id, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Say where a budget stands, what it told of, and who waits for it."""
    from cli.budgets import show_status
    from cli.client import reach

    asyncio.run(show_status(reach(url, key), budget, as_json=as_json))


@budgets_app.command("raise")
def raise_limit(
    budget: Id,
    limit: Annotated[str, typer.Argument(help="The new limit; it may be lower.")],
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Say another limit. Turns that wait for it are told."""
    from cli.budgets import change_limit
    from cli.client import reach

    asyncio.run(change_limit(reach(url, key), budget, limit, as_json=as_json))


@budgets_app.command("approve")
def approve(turn: str, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Let one turn go on that waits for a budget, without raising that for good."""
    from cli.budgets import approve_turn
    from cli.client import reach

    asyncio.run(approve_turn(reach(url, key), turn, as_json=as_json))


@budgets_app.command("delete")
def delete(budget: Id, url: Url = None, key: Key = None) -> None:
    """End a budget."""
    from cli.budgets import delete_budget
    from cli.client import reach

    asyncio.run(delete_budget(reach(url, key), budget))


@ledger_app.command("verify")
def verify(
    examples: Annotated[int, typer.Option(min=1, help="How many exceptions of each to explain.")] = 5,
    as_json: Json = False,
) -> None:
    """Prove the invariants of budgets, the ledger and its sums on the live database, and explain each exception."""
    from cli.ledger import run_verify

    run(run_verify, examples=examples, as_json=as_json)


@ledger_app.command("resum")
def resum() -> None:
    """Sum each day anew whose sums are not what the ledger's rows say."""
    from cli.ledger import run_resum

    run(run_resum)


@ledger_app.command("reconcile")
def reconcile(
    file: Export,
    provider: Providers = None,
    workspace: Annotated[str | None, typer.Option(help="Only this workspace's calls; else all of them.")] = None,
    as_json: Json = False,
) -> None:
    """Compare a vendor's export with the database's own ledger, of all workspaces. Ends with 1 where they differ."""
    from cli.reconciling import reconcile_here

    run(reconcile_here, path=file, providers=provider or [], workspace=workspace, as_json=as_json)
