"""Options and fixtures for every room."""

import gc
import importlib.util
import os
from pathlib import Path

import hypothesis
import pytest

# Thousands of modules and tests are there to stay: looking through them for garbage took a tenth of the time.
gc.disable()

# A change is judged by the same examples each time; at a desk every run looks at new ones.
# How long an example takes is for the benchmarks to say.
hypothesis.settings.register_profile("desk", deadline=None, max_examples=50)
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "desk")

pytest_plugins = [
    name
    for name in (
        "tests.fixtures.simulator",
        "tests.fixtures.postgres",
        "tests.fixtures.valkey",
        "tests.fixtures.temporal",
        "tests.fixtures.house",
    )
    if importlib.util.find_spec(name)
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--recordings",
        default=os.environ.get("PERDURE_RECORDINGS"),
        help="folder of recorded provider exchanges (cassettes.jsonl.xz, errors.jsonl.xz); tests that read it skip without",
    )


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def recordings(request: pytest.FixtureRequest) -> Path:
    """The folder of recorded exchanges; skips where none was given."""
    folder = request.config.getoption("--recordings")
    if not folder:
        pytest.skip("no --recordings folder was given")
    path = Path(folder)
    if not path.is_dir():
        pytest.skip(f"the --recordings folder {path} does not exist")
    return path
