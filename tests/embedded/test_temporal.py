"""The embedded Temporal: quick, and what runs in it survives kill -9."""

import socket
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from workers.embedded.ports import any_free
from workers.embedded.probe import status
from workers.embedded.temporal import EmbeddedTemporal

pytestmark = pytest.mark.real


async def test_workflows_survive_kill_9_and_a_stop(folder: Path) -> None:
    server = EmbeddedTemporal(folder / "temporal", port=any_free(), ui_port=any_free())
    await server.start()
    client = await Client.connect(server.address)
    await client.start_workflow("Waiting", id="kept", task_queue="nobody polls this")
    server.kill()
    await server.start()
    described = await (await Client.connect(server.address)).get_workflow_handle("kept").describe()
    assert described.status is WorkflowExecutionStatus.RUNNING
    assert await status(server.ui_url) == 200
    server.stop()
    await server.start()
    described = await (await Client.connect(server.address)).get_workflow_handle("kept").describe()
    assert described.status is WorkflowExecutionStatus.RUNNING
    server.stop()


async def test_a_busy_port_is_told_with_the_servers_own_words(folder: Path) -> None:
    first = EmbeddedTemporal(folder / "first", port=any_free(), ui_port=any_free())
    await first.start()
    port = int(first.address.rpartition(":")[2])
    second = EmbeddedTemporal(folder / "second", port=port, ui_port=any_free())
    with pytest.raises(RuntimeError, match=f"(?s)Temporal did not start:.*{port}"):
        await second.start()
    first.stop()


async def test_a_port_of_its_own_that_was_taken_meanwhile_is_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EmbeddedTemporal(folder / "temporal", port=any_free(), ui_port=any_free())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1]])
        monkeypatch.setattr("workers.embedded.temporal.any_free", lambda: next(ports, None) or any_free())
        await server.start()
        assert await status(server.ui_url) == 200
    assert next(ports, None) is None
    server.stop()
