"""The TypeScript example: compiled, and run over a house. Skipped where its packages cannot be had."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
import yaml

from tests.fixtures.house import Running
from workers.embedded.temporal import EmbeddedTemporal

pytestmark = [
    pytest.mark.real,
    pytest.mark.long,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(400),
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]

EXAMPLE = Path(__file__).parents[2] / "examples" / "typescript"


async def ran(folder: Path, *command: str, **environment: str) -> tuple[int, str, str]:
    """The exit code of a command, and what it said."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def built(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The example with its packages, compiled."""
    folder = tmp_path_factory.mktemp("typescript")
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules", "lib"))
    quick = ("--fetch-retries=0", "--fetch-timeout=10000")
    code, _, said = await ran(folder, "npm", "view", "nexus-rpc", "version", *quick)
    if code:
        pytest.skip(f"npm reaches no index: {said[-200:]}")
    code, _, said = await ran(folder, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts")
    assert code == 0, said
    code, told, said = await ran(folder, "npm", "run", "build")
    assert code == 0, told + said
    yield folder
    shutil.rmtree(folder / "node_modules")


async def answered(built: Path, script: str, *arguments: str, **environment: str) -> Any:
    code, told, said = await ran(built, "node", f"lib/{script}.js", *arguments, **environment)
    assert code == 0, said
    return json.loads(told.strip().splitlines()[-1])


async def test_a_workflow_in_typescript_is_answered(
    house: Running, temporal_server: EmbeddedTemporal, built: Path
) -> None:
    where = {"TEMPORAL_ADDRESS": temporal_server.address}
    answer = await answered(built, "main", "inquiry", "When do you close?", "sim:sim-echo", **where)
    assert answer["state"] == "completed"
    assert "When do you close?" in answer["content"]
    assert float(answer["cost_usd"]) > 0
    assert len(house.asked()) == 1


async def test_a_workflow_in_typescript_runs_a_pipeline(
    house: Running, temporal_server: EmbeddedTemporal, built: Path
) -> None:
    name = f"from-typescript-{uuid4().hex[:12]}"
    said = {"id": "say", "kind": "agent", "prompt": "Say {{ topic }}"}
    document = {
        "name": name,
        "defaults": {"model": "sim:sim-echo"},
        "inputs": {"topic": {"type": "string"}},
        "outputs": {"said": "{{ say.result }}"},
        "steps": [said],
    }
    async with house.http() as http:
        (await http.post("/api/pipelines", content=yaml.safe_dump(document))).raise_for_status()
    where = {"TEMPORAL_ADDRESS": temporal_server.address}
    ended = await answered(built, "main", "report", name, '{"topic": "tea"}', **where)
    assert ended["state"] == "completed"
    assert "Say tea" in ended["output"]["said"]
    code, _, told = await ran(built, "node", "lib/main.js", "report", name, '{"topc": "tea"}', **where)
    assert code == 1
    assert "'topic' is missing" in told


async def test_a_program_in_typescript_is_answered_over_http(house: Running, built: Path) -> None:
    where = {"PERDURE_URL": house.url, "PERDURE_API_KEY": house.key}
    answer = await answered(built, "http", "When do you close?", "sim:sim-echo", **where)
    assert "When do you close?" in answer["content"]
