"""One house for a module's batches, which are looked at often."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.fixtures.house import Running, clean, simulated_house
from tests.fixtures.postgres import PostgresServer, create_database
from workers.embedded.temporal import EmbeddedTemporal


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_house(
    postgres_server: PostgresServer,
    migrated_template: str,
    temporal_server: EmbeddedTemporal,
    simulator_server: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Running]:
    dsn = await create_database(postgres_server, template=migrated_template)
    folder = tmp_path_factory.mktemp("batches")
    async with simulated_house(dsn, temporal_server, simulator_server, folder, batch_poll_seconds=0.2) as running:
        yield running


@pytest.fixture
def house(module_house: Running) -> Iterator[Running]:
    """The module's house, its simulator reset."""
    with clean(module_house) as found:
        yield found
