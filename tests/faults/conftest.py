"""One house for a module's cases, whose breakers are closed before each."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from providers.simulator.control import Simulator
from tests.faults.asking import Caller, set_breaker
from tests.faults.cases import stanzas
from tests.fixtures.house import Running, running_house
from tests.fixtures.postgres import PostgresServer, create_database
from workers.embedded.temporal import EmbeddedTemporal


@pytest.fixture(scope="module")
def module_simulator(simulator_server: str) -> Iterator[Simulator]:
    with Simulator(simulator_server) as client:
        client.reset()
        yield client
        client.reset()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_house(
    postgres_server: PostgresServer,
    temporal_server: EmbeddedTemporal,
    module_simulator: Simulator,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Running]:
    """A house whose providers are the simulator, each over one wire."""
    dsn = await create_database(postgres_server)
    folder: Path = tmp_path_factory.mktemp("faults")
    policies = folder / "policies.yaml"
    policies.write_text("{}")
    with pytest.MonkeyPatch.context() as patch:
        said = {"providers": stanzas(module_simulator), "policies_file": policies}
        async with running_house(dsn, temporal_server, module_simulator, folder, patch, **said) as running:
            yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def patient_house(module_house: Running) -> Running:
    """The same, with breakers that no row of failures opens: many cases at once are not to be one another's."""
    await set_breaker(module_house, failures=1000, minimum=1_000_000)
    return module_house


@pytest_asyncio.fixture(loop_scope="module")
async def caller(module_house: Running) -> AsyncIterator[Caller]:
    """Somebody who asks, with models of its own and every breaker closed."""
    async with module_house.http() as http:
        made = Caller(module_house, module_house.openai(), http)
        made.since = max((call["seq"] for call in module_house.simulator.calls()), default=0)
        await made.close_breakers()
        yield made
    made.forget_scenarios()
