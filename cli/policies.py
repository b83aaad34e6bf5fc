"""`perdure policies`: what the commands do."""

import dataclasses
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import typer
from rich.console import Console
from rich.table import Table

from cli.client import Server, ask, explain
from cli.exits import Exit, fail
from domain.policies.problems import PolicyError, PolicyProblem
from domain.policies.reading import read
from domain.policies.writing import json_schema, version_of
from domain.yaml.writing import to_yaml


async def show_policy(server: Server, number: int | None, *, as_json: bool) -> None:
    """Print the policy in force, or the text of one version."""
    async with server.http() as http:
        path = "/api/policies" if number is None else f"/api/policies/versions/{number}"
        found = await ask(http, "GET", path)
    if as_json:
        print(json.dumps(found))
        return
    if number is not None:
        print(found["source"], end="" if found["source"].endswith("\n") else "\n")
        return
    made = [f"{found['file']['name']} of {found['file']['loaded_at']}"] if found["file"] else []
    if found["workspace"]:
        made.append(f"the workspace's version {found['workspace']['number']} by {found['workspace']['author']}")
    print(f"# in force: {found['version']}, made of {' and '.join(made) or 'defaults alone'}")
    print(to_yaml(found["policy"]), end="")
    _complain(found["problems"])
    _complain([{"severity": "warning", **one} for one in found["warnings"]])


def check_file(file: str, *, as_json: bool) -> None:
    """Print all that is wrong with a file."""
    from domain.policies.unknown import names_of
    from settings import Settings
    from workers.cataloguing import build_catalogs

    models = build_catalogs(Settings(), datetime.now(UTC)).plain
    # Without any provider every name would be unknown, which says nothing of the file.
    names = names_of(models) if models.models else None
    version: str | None = None
    problems: tuple[PolicyProblem, ...] = ()
    try:
        reading = read(_text(file), source=file, names=names)
        version, problems = version_of(reading.policy), reading.warnings
    except PolicyError as error:
        problems = error.problems
    if as_json:
        print(json.dumps({"valid": version is not None, "version": version, "problems": _members(problems)}))
    else:
        for problem in problems:
            print(f"{problem.severity}: {problem}", file=sys.stderr)
        if version is not None:
            print(f"{file} is valid: version {version}.")
    if version is None:
        raise typer.Exit(Exit.FAILED)


async def apply_file(server: Server, file: str, if_number: int | None, *, as_json: bool) -> None:
    """Send a file, and say what came of it."""
    headers = {"Content-Type": "application/yaml"}
    if if_number is not None:
        headers["If-Match"] = f'"{if_number}"'
    async with server.http() as http:
        try:
            answer = await http.put("/api/policies", content=_text(file), headers=headers)
        except httpx2.TransportError:
            fail(f"{http.base_url} cannot be reached. Is `perdure up` running?", Exit.UNREACHABLE)
    found = answer.json() if answer.headers.get("content-type", "").partition(";")[0].endswith("json") else {}
    if as_json:
        print(json.dumps(found))
    if answer.is_error:
        for one in found.get("errors", []) if not as_json else []:
            print(_line(one, file), file=sys.stderr)
        codes = {401: Exit.UNAUTHORISED, 403: Exit.UNAUTHORISED, 409: Exit.CONFLICT, 412: Exit.CONFLICT}
        fail(explain(answer), codes.get(answer.status_code, Exit.FAILED))
    if not as_json:
        _complain(found["warnings"], file)
        did = "is in force" if found["new"] else "was in force already"
        print(f"Version {found['number']} {did}; the policy is now {found['version']}.")


async def list_versions(server: Server, *, as_json: bool) -> None:
    """Print all versions."""
    found: list[dict[str, Any]] = []
    async with server.http() as http:
        cursor = ""
        while True:
            page = await ask(http, "GET", f"/api/policies/versions?limit=200{cursor}")
            found += page["data"]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
    if as_json:
        print(json.dumps(found))
        return
    table = Table("number", "stored", "by", "content")
    for one in found:
        table.add_row(str(one["number"]), one["created_at"], one["author"], one["digest"][:12])
    Console().print(table)


def print_schema() -> None:
    """Print the schema."""
    print(json.dumps(json_schema(), indent=2))


def _text(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.", Exit.USAGE)


def _members(problems: tuple[PolicyProblem, ...]) -> list[dict[str, Any]]:
    members = [dataclasses.asdict(problem) for problem in problems]
    for one in members:
        one.pop("workspace_id")
    return members


def _line(one: dict[str, Any], file: str | None = None) -> str:
    source = file or one.get("source", "")
    place = f"{source}:{one['line']}:{one['column']}: " if one.get("line") else f"{source}: " if source else ""
    return f"{one['severity']}: {place}{one['field'] + ': ' if one['field'] else ''}{one['message']}"


def _complain(problems: list[dict[str, Any]], file: str | None = None) -> None:
    for one in problems:
        print(_line(one, file), file=sys.stderr)
