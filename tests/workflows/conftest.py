import pytest
from temporalio.testing import WorkflowEnvironment
from temporalio.contrib.pydantic import pydantic_data_converter
@pytest.fixture
async def temporal_client():
    async with await WorkflowEnvironment.start_local(dev_server_existing_path="/work/main/.venv/bin/temporal", data_converter=pydantic_data_converter) as e:
        yield e.client
