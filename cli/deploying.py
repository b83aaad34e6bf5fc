"""What `perdure deploy` does."""

import dataclasses
import json

from rich.console import Console
from rich.table import Table
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion

from cli.client import state
from cli.exits import Exit, fail
from cli.running import settings
from workers.compose import UnreachableError, connect_temporal
from workers.deploying import DeployError, builds, promote


async def run_show(deployment: str | None, *, as_json: bool) -> None:
    """List the builds."""
    name = deployment or settings().deployment
    found = await builds(await _client(), name)
    if as_json:
        print(json.dumps([{**dataclasses.asdict(one), "created_at": one.created_at.isoformat()} for one in found]))
        return
    if not found:
        print(f"No worker of {name!r} has named its build. Set PERDURE_BUILD_ID to have builds.")
        return
    table = Table("build", "status", "since")
    for one in found:
        table.add_row(one.build_id, one.status, one.created_at.isoformat(timespec="seconds"))
    Console().print(table)


async def run_promote(build: str, deployment: str | None, *, as_json: bool) -> None:
    """Make a build the current one. Ends with 4 where no worker of it works."""
    name = deployment or settings().deployment
    try:
        await promote(await _client(), WorkerDeploymentVersion(name, build))
    except DeployError as error:
        fail(str(error), Exit.NOT_FOUND)
    print(json.dumps({"deployment": name, "current": build}) if as_json else f"{build} is the current build of {name}.")


async def _client() -> Client:
    try:
        return await connect_temporal(5, default=state().get("temporal"))
    except UnreachableError as error:
        fail(str(error), Exit.UNREACHABLE)
