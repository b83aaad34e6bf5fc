"""Real crews and apps, as their authors published them, run to their ends: a house's models are the simulator's."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.parts import TextPart
from contracts.tools import ToolCall, ToolDefinition, ToolEffects, ToolOutcome, ToolResult
from domain.pipelines.importing.crewai import import_crew
from domain.pipelines.importing.dify.importing import import_dify
from domain.pipelines.reading import judged
from tests.pipelines.sampling import sample
from tests.runs.acting import Document, Runs
from tests.runs.tools import ANYTHING, SAID, Counting

pytestmark = [
    pytest.mark.real,
    pytest.mark.recordings,
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.asyncio(loop_scope="module"),
]

ELSEWHERE = (
    *("http_request", "sql_query", "files_read", "jina_reader", "webscraper", "wikipedia_search", "ddgo_search"),
    *("ddgo_translate", "current_time", "translate", "create_order", "query_order", "searxng_search"),
)
"""Tools that the apps' authors had, and services that are not here."""
ANSWERED = {"status": 200, "headers": {}, "body": SAID}


class Everything(Counting):
    """Also what is elsewhere: each tool of it says the same."""

    def definitions(self) -> tuple[ToolDefinition, ...]:
        others = tuple(
            ToolDefinition(name=name, description=name, parameters=ANYTHING, effects=ToolEffects())
            for name in ELSEWHERE
        )
        return others + tuple(one for one in super().definitions() if one.name not in ELSEWHERE)

    async def call(self, asked: ToolCall, *, now: datetime) -> ToolResult:
        if asked.name not in ELSEWHERE:
            return await super().call(asked, now=now)
        return ToolResult(
            call_id=asked.id,
            name=asked.name,
            outcome=ToolOutcome.OK,
            content=(TextPart(text=SAID),),
            data=ANSWERED if asked.name == "http_request" else None,
        )


@pytest.fixture(scope="module")
def tools(files: Path) -> Counting:
    return Everything(files)


def simulated(value: Any) -> Any:
    """The same with every model the simulator's."""
    match value:
        case dict():
            return {key: "sim:sim-fast" if key == "model" else simulated(inner) for key, inner in value.items()}
        case list():
            return [simulated(inner) for inner in value]
        case _:
            return value


async def finished(runs: Runs, document: Document) -> Document:
    """A run of it at its end; whatever asks a person is agreed to."""
    stored = await runs.store(simulated(document))
    schemas = judged(document, source="imported").definition.inputs
    given = {name: schema.get("default", sample(schema)) for name, schema in schemas.items()}
    run_id = await runs.start(stored["name"], given)
    async with asyncio.timeout(120):
        while True:
            shown = await runs.until(run_id, lambda one: one["finished_at"] is not None or one["waiting"], 120)
            if shown["finished_at"] is not None:
                return shown
            for one in shown["waiting"]:
                if one["what"] == "approval":
                    await runs.act(run_id, "approve", {"step": one["step"]})
            await asyncio.sleep(0.1)


async def test_every_crew_runs(runs: Runs, recordings: Path) -> None:
    crews = sorted((recordings / "pipelines" / "crewai").iterdir())
    for crew in crews:
        agents, tasks = (crew / "agents.yaml").read_bytes(), (crew / "tasks.yaml").read_bytes()
        imported = import_crew(agents, tasks, name=crew.name[:80])
        run = await finished(runs, imported.document)
        assert run["state"] == "completed", (crew.name, run["error"])
        assert run["turns"] >= len([one for one in imported.document["steps"] if one["kind"] == "agent"])


async def test_every_app_runs(runs: Runs, recordings: Path) -> None:
    apps = sorted((recordings / "pipelines" / "dify").glob("*.yml"))
    failed = {}
    for path in apps:
        run = await finished(runs, import_dify(path.read_bytes(), source=path.name).document)
        if run["state"] != "completed":
            failed[path.name] = run["error"]
    assert failed == {}, failed
