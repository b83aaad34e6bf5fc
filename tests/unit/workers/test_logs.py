"""What is logged of an exception quotes nobody."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from contracts.errors import ErrorKind, PerdureError
from settings import Settings
from workers.logs import configure_logs

SECRET = "sk-never-in-a-log"


@pytest.fixture(params=["console", "json"])
def log_format(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Other tests log as if this one had configured nothing."""
    monkeypatch.setattr(logging.root, "handlers", [])
    level = logging.root.level
    yield
    logging.root.setLevel(level)
    structlog.reset_defaults()


def fail(prompt: str) -> None:
    raise ValueError(f"cannot read {prompt}")


def test_a_foreign_exception_is_named_and_placed_but_not_quoted(
    log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(Settings(_env_file=None, log_format=log_format))
    try:
        fail(SECRET)
    except ValueError:
        logging.getLogger("elsewhere").warning("it failed", exc_info=True)
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert "test_logs.py" in said
    assert SECRET not in said


def test_an_error_of_ours_is_one_line_with_its_message(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(_env_file=None, log_format=log_format))
    try:
        raise PerdureError(ErrorKind.OVERLOADED, "The provider refuses work.")
    except PerdureError:
        logging.getLogger("elsewhere").warning("it failed", exc_info=True)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "The provider refuses work." in lines[0]
