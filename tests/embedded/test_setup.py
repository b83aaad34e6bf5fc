"""The Makefile, the locks and the containers' files: what a fresh machine meets first."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest
import yaml

from tests.embedded.accounts import ROOT, environment

COMPOSE = Path(sys.executable).parent / "docker-compose"
TARGETS = {"up", "test", "check", "bench", "lock", "help", "local-model"}


def compose(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [COMPOSE, "-f", ROOT / "docker-compose.yml", "--env-file", os.devnull, *arguments],
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )


def test_compose_takes_the_file() -> None:
    done = compose("config", "-q", POSTGRES_PASSWORD="given")
    assert done.returncode == 0, done.stderr


def test_compose_has_no_default_for_a_secret() -> None:
    done = compose("config", "-q")
    assert done.returncode != 0
    assert "set POSTGRES_PASSWORD" in done.stderr


def test_compose_has_every_part_with_a_health_check_and_a_volume() -> None:
    done = compose("--profile", "*", "config", POSTGRES_PASSWORD="given")
    assert done.returncode == 0, done.stderr
    house = yaml.safe_load(done.stdout)
    services = house["services"]
    assert {"postgres", "temporal", "temporal-ui", "valkey", "migrate", "api", "worker", "simulator"} <= set(services)
    assert all("healthcheck" in services[name] for name in ("postgres", "temporal", "valkey", "api"))
    assert services["postgres"]["volumes"][0]["source"] == "postgres"
    assert services["api"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == {"api", "temporal-ui"}
    assert published["temporal-ui"][0]["host_ip"] == "127.0.0.1"


def test_the_commands_of_the_containers_exist() -> None:
    from typer.main import get_command

    from cli.app import app

    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    used = {service["command"][0] for service in services.values() if service["image"] == "perdure:local"}
    assert used <= commands
    assert used == {"migrate", "api", "worker", "simulator"}


def test_the_image_gets_all_that_it_copies_and_all_that_its_build_needs() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    named = re.search(r"\$1 ~ /\^\(([^)]+)\)==/", dockerfile)
    assert named is not None
    listed, needed, todo = set(named.group(1).split("|")), set[str](), ["hatchling"]
    while todo:
        name = todo.pop()
        needed.add(name)
        lines = [line for line in requires(name) or [] if "extra ==" not in line and "python_version <" not in line]
        todo += [found.lower() for line in lines if (found := re.split(r"[^\w.-]", line)[0]) not in needed]
    assert needed == listed
    lock = (ROOT / "requirements-dev.lock").read_text()
    assert all(re.search(rf"^{name}==", lock, re.MULTILINE) for name in listed)
    rooms = re.search(r"packages = \[(.*)\]", (ROOT / "pyproject.toml").read_text())
    assert rooms is not None
    kept = (ROOT / ".dockerignore").read_text().split()
    assert all(f"!{room}" in kept for room in re.findall(r'"(\w+)"', rooms.group(1)))


def test_locks_have_hashes_and_name_no_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-local-model.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        blocks = [block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#")]
        assert blocks
        assert all("--hash=sha256:" in block for block in blocks), name


@pytest.mark.skipif(shutil.which("make") is None, reason="make is missing")
def test_make_says_what_there_is() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(re.findall(r"make ([\w-]+)", done.stdout)) >= TARGETS


@pytest.mark.skipif(shutil.which("make") is None, reason="make is missing")
@pytest.mark.parametrize("target", sorted(TARGETS - {"help"}))
def test_every_target_sets_itself_up_first(target: str) -> None:
    command = ["make", "--dry-run", "--always-make", target, "VENV=elsewhere"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = done.stdout.index("--require-hashes -r requirements-dev.lock")
    used = [
        found.start()
        for found in re.finditer("elsewhere/bin/(perdure|ruff|mypy)|-m (pytest|bench)|uv lock", done.stdout)
    ]
    assert all(made < place for place in used)


def test_the_checks_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
