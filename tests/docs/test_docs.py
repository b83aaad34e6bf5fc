"""The documents say what the code does."""

import importlib.util
import re
from pathlib import Path

import pytest

from settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def _generator() -> object:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "page", ["settings.md", "errors.md", "cli.md", "policies.schema.json", "pipelines.schema.json"]
)
def test_generated_pages_are_current(page: str) -> None:
    written = (ROOT / "docs" / "reference" / page).read_text()
    assert written == _generator().PAGES[page](), "run `python docs/generate.py`"  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_that_are_named_exist(page: Path) -> None:
    known = {f"PERDURE_{name.upper()}" for name in Settings.model_fields} | {
        "PERDURE_API_KEY",
        "PERDURE_URL",
        "PERDURE_",
    }
    assert set(re.findall(r"PERDURE_[A-Z_]*", page.read_text())) <= known


def test_every_decision_is_numbered_once() -> None:
    numbers = [path.name[:4] for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
