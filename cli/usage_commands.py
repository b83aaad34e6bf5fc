"""`perdure usage` and `perdure costs`: the commands. Each imports what it needs when it runs."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import typer

from cli.options import Export, Json, Key, Providers, Url

costs_app = typer.Typer(help="Costs: where they are going, and what would cost less.", no_args_is_help=True)

First = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day, in UTC.")]
Last = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day, in UTC.")]


def usage(
    first: First = None,
    last: Last = None,
    by: Annotated[str, typer.Option(help="day, week, month, provider, model, task, user, key, tag:NAME.")] = "day",
    provider: Annotated[str | None, typer.Option(help="Only of this provider.")] = None,
    model: Annotated[str | None, typer.Option(help="Only of this model.")] = None,
    task: Annotated[str | None, typer.Option(help="Only for this kind of task.")] = None,
    user: Annotated[str | None, typer.Option(help="Only of this user.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only with this tag, name:value; may be repeated.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Show what was used and what it cost."""
    from cli.client import reach
    from cli.usage import show_usage

    asked = {
        **_days(first, last),
        "by": by,
        "provider": provider,
        "model": model,
        "task": task,
        "user": user,
        "tag": tag or [],
    }
    asyncio.run(show_usage(reach(url, key), asked, as_csv=as_csv, as_json=as_json))


@costs_app.command("analytics")
def analytics(first: First = None, last: Last = None, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Show the trend, what the month comes to, and what costs most."""
    from cli.client import reach
    from cli.usage import show_analytics

    asyncio.run(show_analytics(reach(url, key), _days(first, last), as_json=as_json))


@costs_app.command("recommendations")
def recommend(
    first: First = None,
    last: Last = None,
    apply: Annotated[int | None, typer.Option(help="Put the change of this number in force.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Show what would cost less, each with its evidence and the change of policy that would do it."""
    from cli.client import reach
    from cli.usage import show_recommendations

    asyncio.run(show_recommendations(reach(url, key), _days(first, last), apply=apply, as_json=as_json))


@costs_app.command("what-if")
def what_if(
    strategy: Annotated[str | None, typer.Option(help="Choose by this strategy.")] = None,
    policy: Annotated[
        str | None, typer.Option(help="A file with a fragment of a policy; - for standard input.")
    ] = None,
    free: Annotated[bool, typer.Option(help="Let routing choose also where turns named their models.")] = False,
    sample: Annotated[int, typer.Option(help="How many turns.")] = 500,
    first: First = None,
    last: Last = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Say what past turns would have cost under another strategy, price list or policy. Nobody is called."""
    from cli.client import reach
    from cli.usage import show_what_if

    asked = {**_days(first, last), "strategy": strategy, "free": free, "sample": sample}
    asyncio.run(show_what_if(reach(url, key), asked, policy, as_json=as_json))


@costs_app.command("reconcile")
def reconcile(
    file: Export, provider: Providers = None, url: Url = None, key: Key = None, as_json: Json = False
) -> None:
    """Compare a vendor's export (OpenAI's or Anthropic's) with the ledger, by model and day. Ends with 1 where they differ."""
    from cli.client import reach
    from cli.reconciling import reconcile_there

    asyncio.run(reconcile_there(reach(url, key), path=file, providers=provider or [], as_json=as_json))


def _days(first: datetime | None, last: datetime | None) -> dict[str, Any]:
    given = {"from": first, "to": last}
    return {name: said.date().isoformat() for name, said in given.items() if said is not None}
