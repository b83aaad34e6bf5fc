"""The examples run as they are to their ends with a small real model here, where `make local-model` has installed it."""

import asyncio
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from tests.runs.acting import Document, Runs
from workers.embedded.local_model import local_model
from workers.embedded.ports import any_free

pytestmark = [
    pytest.mark.real,
    pytest.mark.long,
    pytest.mark.timeout(1_800),
    pytest.mark.skipif(find_spec("xllamacpp") is None, reason="`make local-model` installs the model"),
    pytest.mark.asyncio(loop_scope="module"),
]

EXAMPLES = Path(__file__).parents[2] / "examples"
PORT = any_free()
SERVED = {
    "name": "local",
    "wire": "openai-chat",
    "base_url": f"http://127.0.0.1:{PORT}/v1",
    "free": True,
    "first_token_seconds": 120,
}
SETTINGS = {"providers": [SERVED]}
GIVEN: dict[str, Document] = {
    "content-creation": {"topic": "tea"},
    "support-triage": {"message": "My password does not work any more."},
    "document-extraction": {},
    "code-review": {"diff": "-a = 1\n+a = 2", "rules": ["Names say what they are."]},
    "long-research": {"question": "What is tea, really?", "memory": 8_000, "hurry": True},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def model(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[None]:
    program, entry = local_model(PORT, tmp_path_factory.mktemp("model") / "log")
    assert entry == SERVED
    await program.start()
    yield
    program.stop()


@pytest.mark.parametrize("name", list(GIVEN))
async def test_an_example_runs_to_its_end(runs: Runs, files: Path, name: str) -> None:
    await _listed(runs)
    invoices = files / str(await runs.workspace()) / "invoices"
    invoices.mkdir(parents=True, exist_ok=True)
    (invoices / "1.txt").write_text("Invoice 17 of 1 March 2026: 30 EUR")
    written = (EXAMPLES / f"{name}.yaml").read_text()
    await runs.store(written)
    run_id = await runs.start(name, GIVEN[name])
    while (shown := await _stopped(runs, run_id))["finished_at"] is None:
        for one in shown["waiting"]:
            if one["what"] == "approval":
                await runs.act(run_id, "approve", {"step": one["step"], "user": "owner", "groups": ["support"]})
        await asyncio.sleep(0.2)
    assert shown["state"] == "completed", shown["error"]
    assert shown["calls"] >= 1
    assert runs.house.asked() == []
    assert float(shown["cost_usd"]) == 0
    assert shown["output"].keys() == yaml.safe_load(written)["outputs"].keys()
    assert None not in shown["output"].values()


async def _stopped(runs: Runs, run_id: str) -> Document:
    return await runs.until(run_id, lambda one: one["finished_at"] is not None or bool(one["waiting"]), 900)


async def _listed(runs: Runs) -> None:
    """Wait until the worker has heard what the server has; before that, routing has only simulated models to choose from."""
    async with asyncio.timeout(60):
        while True:
            models = (await runs.http.get("/api/models", params={"provider": "local"})).json()
            if models["data"]:
                return
            await asyncio.sleep(0.05)
