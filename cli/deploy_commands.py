"""`perdure deploy`: builds of the workers."""

import asyncio
from typing import Annotated

import typer

from cli.options import Json

deploy_app = typer.Typer(help="Builds of the workers: which of them is given the work.", no_args_is_help=True)
Deployment = Annotated[str | None, typer.Option(help="The worker deployment. By default PERDURE_DEPLOYMENT.")]


@deploy_app.command("show")
def show(deployment: Deployment = None, as_json: Json = False) -> None:
    """List the builds, newest first: which is current, which is draining, and which has drained and may be stopped."""
    from cli.deploying import run_show

    asyncio.run(run_show(deployment, as_json=as_json))


@deploy_app.command("promote")
def promote(
    build: Annotated[str, typer.Argument(help="The build id, as in its workers' PERDURE_BUILD_ID.")],
    deployment: Deployment = None,
    as_json: Json = False,
) -> None:
    """Make a build the current one: new work goes to it, and what runs moves to it at its next step."""
    from cli.deploying import run_promote

    asyncio.run(run_promote(build, deployment, as_json=as_json))
