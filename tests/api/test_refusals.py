"""Bad input and missing parts: a clear error in the shape of the door, and nothing changed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.classifying import Classifying
from activities.planning import Planner
from api.auth import Keyring
from domain.catalog import Catalog, Catalogs
from domain.policies.force import FixedPolicies
from storage import keys
from tests.api.conftest import Open, listening, opening
from tests.api.reading import ask
from tests.fixtures.planning import health_of
from tests.fixtures.postgres import PostgresServer, create_database
from workers.embedded.ports import any_free
from workers.embedded.temporal import EmbeddedTemporal

pytestmark = pytest.mark.real

COMPLETION = {"model": "sim:sim-fast", "messages": [{"role": "user", "content": "Hi"}]}


async def counted(opened: Open) -> int:
    async with opened.doors.database.begin() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM turns"))).scalar_one())


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer"}, {"Authorization": "Basic x"}, {"x-api-key": "pdr_no"}]
)
@pytest.mark.parametrize("path", ["/v1/models", "/api/conversations"])
async def test_without_a_known_key_the_doors_are_shut(opened: Open, path: str, headers: dict[str, str]) -> None:
    async with httpx2.AsyncClient(base_url=opened.url) as http:
        answer = await http.get(path, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    shown = answer.json()
    assert (shown["error"]["type"] if path.startswith("/v1") else shown["kind"]) in (
        "authentication_error",
        "access_denied",
    )


async def test_a_key_may_come_in_anthropics_header(opened: Open) -> None:
    async with httpx2.AsyncClient(base_url=opened.url, headers={"x-api-key": opened.key}) as http:
        assert (await http.get("/v1/models")).status_code == 200


async def test_a_revoked_key_is_not_found_once_it_is_forgotten(opened: Open) -> None:
    async with opened.doors.database.begin() as connection:
        await keys.revoke(connection, opened.key[:12], workspace_id=opened.workspace_id, now=opened.doors.clock())
    assert await Keyring().find(opened.doors, opened.key) is None
    assert await Keyring().find(opened.doors, opened.stranger) is not None


async def test_what_belongs_to_others_is_not_there(opened: Open) -> None:
    async with opened.http() as ours, opened.http(opened.stranger) as theirs:
        conversation = (await ours.post("/api/conversations", json={"models": ["sim:sim-fast"]})).json()["id"]
        turn = (await ours.post(f"/api/conversations/{conversation}/turns", json={"content": "Hi"})).json()["id"]
        asked = [
            ("GET", f"/api/conversations/{conversation}"),
            ("PATCH", f"/api/conversations/{conversation}"),
            ("DELETE", f"/api/conversations/{conversation}"),
            ("GET", f"/api/conversations/{conversation}/messages"),
            ("POST", f"/api/conversations/{conversation}/turns"),
            ("GET", f"/api/turns/{turn}"),
            ("GET", f"/api/turns/{turn}/events"),
            ("POST", f"/api/turns/{turn}/cancel"),
        ]
        for method, path in asked:
            body = {"content": "Hi", "model": "sim:sim-fast"} if path.endswith("/turns") else {}
            answer = await theirs.request(method, path, json=body)
            assert (answer.status_code, answer.json()["kind"]) == (404, "not_found"), (method, path)
        assert (await theirs.get("/api/conversations")).json() == {"data": [], "next_cursor": None}
        assert (await ours.get(f"/api/turns/{turn}")).json()["cancel_requested"] is False
    assert await counted(opened) == 1


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (b"", 400, None),
        (b"{", 400, None),
        (b"[]", 400, None),
        (b'{"model": "sim:sim-fast"}', 400, "messages"),
        (b'{"messages": [{"role": "robot", "content": "x"}]}', 400, "messages.0.role"),
        (b'{"messages": [{"role": "user", "content": [{"type": "bogus"}]}]}', 400, "messages.0.content.0.type"),
        (b'{"messages": [{"role": "user", "content": 7}]}', 400, "messages.0.content"),
        (b'{"messages": [{"role": "user", "content": "a\\u0000"}]}', 400, "messages.0.content"),
        (b'{"messages": [{"role": "user", "content": "\\ud800"}]}', 400, "messages.0.content"),
        (b'{"temperature": 3, "messages": []}', 400, "temperature"),
        (b'{"model": "nope", "messages": [{"role": "user", "content": "x"}]}', 404, "model"),
        (b'{"limits": {"idel": 3}, "messages": []}', 400, "limits.idel"),
        (b'"' + b"x" * 100_000 + b'"', 413, None),
    ],
)
async def test_bad_completions(opened: Open, body: bytes, status: int, param: str | None) -> None:
    async with opened.http() as http:
        answer = await http.post("/v1/chat/completions", content=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (status, param), error
    assert error["message"]
    assert "nope" not in error["message"] or status == 404
    assert await counted(opened) == 0


async def test_a_body_of_unsaid_length_is_bounded_too(opened: Open) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 1_000

    async with opened.http() as http:
        answer = await http.post("/api/turns", content=pieces())
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert answer.json()["title"] == "The request's body is too large."


@pytest.mark.parametrize(
    ("method", "path", "status", "field"),
    [
        ("GET", "/api/elephants", 404, None),
        ("PUT", "/api/turns", 405, None),
        ("GET", "/api/conversations?limit=0", 400, "limit"),
        ("GET", "/api/conversations?limit=many", 400, "limit"),
        ("GET", "/api/conversations?cursor=%00", 400, "cursor"),
        ("GET", "/api/conversations/elephant", 404, None),
        ("GET", "/api/conversations/3f0f3ad2-9d0f-4b7e-8a2e-0c5a6f1d2b3c/messages", 404, None),
        ("POST", "/api/turns?wait=nan", 400, "wait"),
        ("POST", "/api/turns?wait=601", 400, "wait"),
    ],
)
async def test_bad_requests_are_problems(opened: Open, method: str, path: str, status: int, field: str | None) -> None:
    async with opened.http() as http:
        answer = await http.request(method, path, json={"model": "sim:sim-fast", "content": "Hi"})
    shown = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, shown["status"], shown["field"]) == (status, status, field), shown
    assert shown["title"]
    assert shown["type"].startswith("urn:perdure:error:")


async def test_unknown_paths_of_the_openai_door_have_its_shape(opened: Open) -> None:
    async with opened.http() as http:
        nowhere = await http.get("/v1/elephants")
        wrong = await http.get("/v1/chat/completions")
        model = await http.get("/v1/models/gpt-4o-mni")
    assert [answer.status_code for answer in (nowhere, wrong, model)] == [404, 405, 404]
    assert wrong.headers["allow"] == "POST"
    assert "gpt-4o-mini" in model.json()["error"]["message"]
    assert all("message" in answer.json()["error"] for answer in (nowhere, wrong))


async def test_what_nobody_foresaw_is_answered_without_its_words(opened: Open) -> None:
    quoted = "what the caller wrote"

    class Broken(Catalog):
        def resolve(self, name: str, *, field: str = "model") -> Any:
            raise RuntimeError(quoted)

    class Breaking(Planner):
        async def catalog(self, workspace_id: UUID) -> Catalog:
            return Broken([])

    breaking = Breaking(Catalogs([]), FixedPolicies(), health_of(opened.doors.database).view, Classifying())
    doors = replace(opened.doors, planner=breaking)
    async with listening(doors) as url, opened.http() as http:
        with capture_logs() as logs:
            problem = await http.post(f"{url}/api/turns", json={"model": "x", "content": "Hi"})
            error = await http.post(f"{url}/v1/chat/completions", json=COMPLETION)
    assert (problem.status_code, error.status_code) == (500, 500)
    assert problem.json()["kind"] == error.json()["error"]["code"] == "internal"
    (first, second) = [entry for entry in logs if entry["event"] == "request failed"]
    assert first["incident"] in problem.json()["detail"]
    assert second["incident"] in error.json()["error"]["message"]
    assert "RuntimeError" in str(logs)
    assert quoted not in str(logs) + problem.text + error.text


async def test_without_the_database_it_says_so(private_postgres: PostgresServer, temporal_client: Client) -> None:
    dsn = await create_database(private_postgres)
    async with opening(dsn, temporal_client) as opened, opened.http() as http:
        assert (await http.get("/api/conversations")).status_code == 200
        await private_postgres.kill()
        problem = await http.get("/api/conversations")
        error = await http.post("/v1/chat/completions", json=COMPLETION)
        ready = await http.get("/readyz")
        alive = await http.get("/healthz")
        assert [answer.status_code for answer in (problem, error, ready, alive)] == [503, 503, 503, 200]
        assert problem.headers["retry-after"] == error.headers["retry-after"] == "1"
        assert problem.json()["detail"].startswith("The database cannot be reached")
        assert error.json()["error"]["type"] == "server_error"
        assert ready.json()["temporal"] == "ok"
        assert ready.json()["database"].startswith("cannot be reached")
        await private_postgres.start()
        while (await http.get("/readyz")).status_code != 200:  # noqa: ASYNC110 - PostgreSQL recovers in its own time
            await asyncio.sleep(0.05)
        assert (await http.get("/api/conversations")).status_code == 200


async def test_without_temporal_turns_are_accepted_and_wait(postgres_dsn: str, tmp_path: Path) -> None:
    server = EmbeddedTemporal(tmp_path, port=any_free(), ui_port=any_free())
    await server.start()
    client = await Client.connect(server.address, data_converter=pydantic_data_converter)
    async with opening(postgres_dsn, client) as opened, opened.http() as http:
        assert (await http.get("/readyz")).status_code == 200
        server.stop()
        turn_id = await ask(http)
        assert (await http.get(f"/api/turns/{turn_id}")).json()["state"] == "accepted"
        stopped = await http.post(f"/api/turns/{turn_id}/cancel")
        assert (stopped.status_code, stopped.json()["cancel_requested"]) == (202, True)
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()["database"]) == (503, "ok")
