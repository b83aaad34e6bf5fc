"""Real crews and apps, as their authors published them: they import, check, and run to their ends by structure."""

from pathlib import Path

import pytest

from domain.pipelines.importing.crewai import import_crew
from domain.pipelines.importing.dify.importing import import_dify
from domain.pipelines.importing.imported import Imported
from domain.pipelines.reading import judged, read
from domain.pipelines.writing import written
from tests.pipelines.walking import Walk

pytestmark = pytest.mark.recordings


def carried(imported: Imported) -> Walk:
    plan = judged(imported.document, source="imported")
    assert read(written(plan.definition), source="written").plan == plan
    walk = Walk(plan)
    outputs = walk.run()
    assert outputs.keys() == (plan.definition.outputs.keys() or {"result"})
    assert walk.started
    return walk


def test_every_crew(recordings: Path) -> None:
    crews = sorted((recordings / "pipelines" / "crewai").iterdir())
    assert len(crews) >= 10
    for crew in crews:
        imported = import_crew(
            (crew / "agents.yaml").read_bytes(), (crew / "tasks.yaml").read_bytes(), name=crew.name[:80]
        )
        walk = carried(imported)
        # Every task is done, and by an agent of the crew.
        agents = [step.id for step in walk.plan.definition.steps if step.kind == "agent"]
        assert sorted(walk.started) == sorted(agents)
        assert walk.calls == len(agents)


def test_every_app(recordings: Path) -> None:
    apps = sorted((recordings / "pipelines" / "dify").glob("*.yml"))
    assert len(apps) >= 20
    failed = {}
    for path in apps:
        try:
            carried(import_dify(path.read_bytes(), source=path.name))
        except Exception as error:
            failed[path.name] = f"{type(error).__name__}: {error}"
    assert len(failed) * 3 <= len(apps), failed
    assert failed == {}, failed


def test_what_an_app_has_and_we_have_not_is_listed(recordings: Path) -> None:
    for path in sorted((recordings / "pipelines" / "dify").glob("*.yml")):
        imported = import_dify(path.read_bytes(), source=path.name)
        told = {note.where for note in imported.notes if "is not run" in note.message}
        programs = [
            step
            for step in _all(imported.document["steps"])
            if "Say exactly what the function" in str(step.get("instructions"))
        ]
        assert bool(programs) == bool(told)


def _all(steps: list[dict[str, object]]) -> list[dict[str, object]]:
    found = []
    for step in steps:
        found.append(step)
        inner = step.get("steps")
        if isinstance(inner, list):
            found += _all(inner)
    return found
