"""One house for a module's runs."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

import workers.compose
import workers.running
from contracts.documents import Retriever
from providers.simulator.control import Simulator
from settings import Settings
from tests.fixtures.house import running_house
from tests.fixtures.postgres import PostgresServer, create_database
from tests.runs.acting import Runs
from tests.runs.tools import Counting
from workers.embedded.temporal import EmbeddedTemporal
from workers.replay import recent_runs, replay
from workers.worker import build_worker

_MOST = 60
"""Histories that are replayed."""


@pytest.fixture(scope="module")
def module_simulator(simulator_server: str) -> Iterator[Simulator]:
    with Simulator(simulator_server) as client:
        client.reset()
        yield client
        client.reset()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the house's workspaces keep their files."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def tools(files: Path) -> Counting:
    """The tools of the house."""
    return Counting(files)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runs(
    request: pytest.FixtureRequest,
    postgres_server: PostgresServer,
    migrated_template: str,
    temporal_server: EmbeddedTemporal,
    module_simulator: Simulator,
    tools: Counting,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Runs]:
    """The runs of a house, over its API.

    A module that says `REPLAYED = True` has workflows in the sandbox, whose histories are replayed at its end.
    """
    dsn = await create_database(postgres_server, template=migrated_template)
    folder: Path = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        _give(patch, tools)
        replayed = getattr(request.module, "REPLAYED", False)
        if replayed:
            # Without any kept workflow, local activities would be made anew whenever something comes in between.
            strict = partial(build_worker, workflow_runner=SandboxedWorkflowRunner())
            patch.setattr(workers.running, "build_worker", strict)
        async with (
            running_house(
                dsn,
                temporal_server,
                module_simulator,
                folder,
                patch,
                default_model="sim:sim-fast",
                **getattr(request.module, "SETTINGS", {}),
            ) as house,
            house.http() as http,
        ):
            yield Runs(house, http)
            if replayed:
                problems = [one for one in await replay(recent_runs(house.house.temporal, _MOST)) if one.problem]
                assert problems == []


@pytest.fixture(autouse=True)
def _forgets_scenarios(module_simulator: Simulator) -> Iterator[None]:
    yield
    module_simulator.clear_scenarios()


def _give(patch: pytest.MonkeyPatch, tools: Counting) -> None:
    @asynccontextmanager
    async def running(_: Settings, retriever: Retriever) -> AsyncIterator[Counting]:
        tools.look_up_in(retriever)
        yield tools

    patch.setattr(workers.compose, "running_tools", running)
