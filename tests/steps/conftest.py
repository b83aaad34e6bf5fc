"""One house for a module's cases."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from tests.fixtures.house import Running, clean, simulated_house
from tests.fixtures.postgres import PostgresServer, create_database
from tests.steps.asking import CALLBACK_SECRET
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
    folder: Path = tmp_path_factory.mktemp("steps")
    settings = {"callback_secret": SecretStr(CALLBACK_SECRET), "callback_networks": ["127.0.0.0/8"]}
    async with simulated_house(dsn, temporal_server, simulator_server, folder, **settings) as running:
        yield running


@pytest.fixture
def house(module_house: Running) -> Iterator[Running]:
    """The module's house, its simulator reset."""
    with clean(module_house) as found:
        yield found
