"""The examples run to their ends with a small real model on this machine, where `make local-model` has installed it."""

import asyncio
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from tests.runs.acting import Document, Runs
from workers.embedded.local_model import MODEL_NAME, local_model
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
SERVED = {"name": "local", "wire": "openai-chat", "base_url": f"http://127.0.0.1:{PORT}/v1", "free": True}
SETTINGS = {"providers": [SERVED]}
GIVEN: dict[str, Document] = {
    "content-creation": {"topic": "tea"},
    "support-triage": {"message": "My password does not work any more."},
    "document-extraction": {},
    "code-review": {"diff": "-a = 1\n+a = 2", "rules": ["Names say what they are."]},
    "long-research": {"question": "What is tea, really?"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def model(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[None]:
    program, entry = local_model(PORT, tmp_path_factory.mktemp("model") / "log")
    assert entry == SERVED
    await program.start()
    yield
    program.stop()


def small(value: Any) -> Any:
    """The same for a model whose window is 4096 tokens and who does not know when to stop, and without waiting for a day."""
    match value:
        case {"type": "object", "properties": dict(properties)}:
            return {**value, "properties": {name: _short(one) for name, one in properties.items()}}
        case dict():
            return {key: _SMALL[key] if key in _SMALL else small(inner) for key, inner in value.items()}
        case list():
            return [small(inner) for inner in value]
        case _:
            return value


def _short(schema: Document) -> Document:
    match schema.get("type"):
        case "string":
            return {"maxLength": 300, **schema}
        case "array":
            return {"maxItems": 3, **schema, "items": _short(schema.get("items", {}))}
        case _:
            return schema


_SMALL = {
    "max_rounds": 2,
    "model": f"local:{MODEL_NAME}",
    "max_output_tokens": 500,
    "max_input_tokens": 3_000,
    "duration": "0.2s",
}


@pytest.mark.parametrize("name", list(GIVEN))
async def test_an_example_runs_to_its_end(runs: Runs, files: Path, name: str) -> None:
    invoices = files / str(await runs.workspace()) / "invoices"
    invoices.mkdir(parents=True, exist_ok=True)
    (invoices / "1.txt").write_text("Invoice 17 of 1 March 2026: 30 EUR")
    document = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())
    await runs.store(small(document))
    run_id = await runs.start(name, GIVEN[name])
    while (shown := await _stopped(runs, run_id))["finished_at"] is None:
        for one in shown["waiting"]:
            if one["what"] == "approval":
                await runs.act(run_id, "approve", {"step": one["step"], "user": "owner", "groups": ["support"]})
        await asyncio.sleep(0.2)
    assert shown["state"] == "completed", shown["error"]
    assert shown["calls"] >= 1
    assert float(shown["cost_usd"]) == 0
    assert shown["output"].keys() == document["outputs"].keys()


async def _stopped(runs: Runs, run_id: str) -> Document:
    return await runs.until(run_id, lambda one: one["finished_at"] is not None or bool(one["waiting"]), 900)
