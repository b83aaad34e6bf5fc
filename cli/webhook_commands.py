"""`perdure webhooks`: the commands. Each imports what it needs when it runs."""

import asyncio
from typing import Annotated

import typer

from cli.options import Json, Key, Url

webhooks_app = typer.Typer(help="Webhooks: who is told what budgets have to say.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The webhook's id.")]


@webhooks_app.command("list")
def list_webhooks(url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """List the webhooks."""
    from cli.client import reach
    from cli.webhooks import list_webhooks as listing

    asyncio.run(listing(reach(url, key), as_json=as_json))


@webhooks_app.command("create")
def create(
    address: Annotated[str, typer.Argument(help="Where to POST to.")],
    event: Annotated[
        list[str] | None,
        typer.Option(help="budget.threshold, budget.exhausted or budget.waiting. Again for more; none: all."),
    ] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Have an address told of events."""
    from cli.client import reach
    from cli.webhooks import create_webhook

    asyncio.run(create_webhook(reach(url, key), address, event or [], as_json=as_json))


@webhooks_app.command("show")
def show(webhook: Id, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Show a webhook, and how the telling of its last messages stands."""
    from cli.client import reach
    from cli.webhooks import show_webhook

    asyncio.run(show_webhook(reach(url, key), webhook, as_json=as_json))


@webhooks_app.command("ping")
def ping(webhook: Id, url: Url = None, key: Key = None) -> None:
    """Have it told of a ping, to see that it listens."""
    from cli.client import reach
    from cli.webhooks import ping_webhook

    asyncio.run(ping_webhook(reach(url, key), webhook))


@webhooks_app.command("delete")
def delete(webhook: Id, url: Url = None, key: Key = None) -> None:
    """End a webhook."""
    from cli.client import reach
    from cli.webhooks import delete_webhook

    asyncio.run(delete_webhook(reach(url, key), webhook))
