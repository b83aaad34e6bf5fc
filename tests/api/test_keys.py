"""`/api/keys`: made, changed, rotated, ended; what a key may not do is refused at the door and in the plan."""

from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.client import Client

from storage import keys, turns
from tests.api.conftest import Open, opening

pytestmark = pytest.mark.real


async def test_a_key_does_what_its_scopes_say_and_no_more(opened: Open) -> None:
    async with opened.http() as admin:
        answers = {
            scope: (await admin.post("/api/keys", json={"name": scope, "scopes": [scope]})).json()
            for scope in ("read", "ask", "budgets", "policies")
        }
        listed = (await admin.get("/api/keys")).json()["data"]
        assert [one["name"] for one in listed] == ["ours", "read", "ask", "budgets", "policies"]
        assert all("key" not in one for one in listed)
    turn, budget = {"model": "sim:sim-fast", "content": "Hello."}, {"scope": "workspace", "limit": 1}
    for scope, allowed in (("read", "-"), ("ask", "turn"), ("budgets", "budget"), ("policies", "policy")):
        async with opened.http(answers[scope]["key"]) as http:
            assert (await http.get("/api/budgets")).status_code == 200
            assert (await http.get("/api/keys")).status_code == 403
            assert (await http.post("/api/keys", json={"name": "more", "scopes": ["admin"]})).status_code == 403
            did = {
                "turn": (await http.post("/api/turns", json=turn)).status_code,
                "budget": (await http.post("/api/budgets", json=budget)).status_code,
                "policy": (await http.put("/api/policies", content="version: 1")).status_code,
            }
        assert {name for name, status in did.items() if status < 300} == {allowed} - {"-"}, (scope, did)
        assert {status for name, status in did.items() if name != allowed} == {403}, (scope, did)


async def test_a_rotated_key_keeps_its_rights_and_its_budget(opened: Open) -> None:
    said = {"name": "app", "allowed_models": ["sim:sim-fast"], "user_tier": "free", "budget": {"limit": "5"}}
    async with opened.http() as admin:
        first = (await admin.post("/api/keys", json=said)).json()
        assert first["budget_id"] is not None
        second = (await admin.post(f"/api/keys/{first['prefix']}/rotate", json={})).json()
        third = (await admin.post(f"/api/keys/{second['id']}/rotate", json={"grace_seconds": 60})).json()
        assert second["replaces"] == third["replaces"] == first["id"]
        assert (third["allowed_models"], third["user_tier"]) == (["sim:sim-fast"], "free")
        assert (await admin.post(f"/api/keys/{first['id']}/rotate", json={})).status_code == 409
    async with opened.http(first["key"]) as http:
        assert (await http.get("/api/budgets")).status_code == 401
    for key in (second["key"], third["key"]):
        async with opened.http(key) as http:
            made = await http.post("/api/turns", json={"content": "Hello.", "model": "sim:sim-fast"})
            assert made.status_code == 202
        async with opened.doors.database.begin() as connection:
            turn = await turns.find(connection, made.json()["id"])
        assert str(turn.key_id) == first["id"]
        assert turn.asked["allowed_models"] == ["sim:sim-fast"]
        assert turn.asked["routing"]["user_tier"] == "free"


async def test_a_key_ends_when_it_is_revoked_or_its_time_has_come(postgres_dsn: str, temporal_client: Client) -> None:
    async with opening(postgres_dsn, temporal_client) as opened:
        now = opened.doors.clock()
        async with opened.http() as admin:
            made = (
                await admin.post("/api/keys", json={"name": "a", "expires_at": (now + timedelta(hours=1)).isoformat()})
            ).json()
            changed = await admin.patch(f"/api/keys/{made['id']}", json={"scopes": ["read"], "name": "b"})
            assert (changed.json()["scopes"], changed.json()["name"]) == (["read"], "b")
            assert changed.json()["expires_at"] is not None
            past = await admin.patch(f"/api/keys/{made['id']}", json={"expires_at": now.isoformat()})
            assert (past.status_code, past.json()["field"]) == (400, "expires_at")
            open_ended = await admin.patch(f"/api/keys/{made['id']}", json={"expires_at": None})
            assert open_ended.json()["expires_at"] is None
            ended = await admin.delete(f"/api/keys/{made['id']}")
            assert ended.json()["revoked_at"] is not None
            assert (await admin.get("/api/keys/pdr_nobody")).status_code == 404
            for wrong, field in (
                ({"name": "x", "scopes": ["root"]}, "scopes.0"),
                ({"name": "x", "scopes": []}, "scopes"),
                ({"name": ""}, "name"),
                ({"name": "x", "allowed_models": ["a*b"]}, "allowed_models.0"),
                ({"name": "x", "budget": {"limit": -1}}, "limit"),
            ):
                answer = await admin.post("/api/keys", json=wrong)
                assert (answer.status_code, answer.json()["field"]) == (400, field)
        async with opened.http(made["key"]) as http:
            assert (await http.get("/api/budgets")).status_code == 401
        async with opened.doors.database.begin() as connection:
            secret = keys.new_secret()
            rights = replace(keys.KeyRights(), expires_at=now)
            await keys.add(connection, secret, workspace_id=opened.workspace_id, name="late", now=now, rights=rights)
        async with opened.http(secret) as http:
            answer = await http.get("/api/budgets")
            assert answer.status_code == 401
            assert "expired" in answer.json()["detail"]
