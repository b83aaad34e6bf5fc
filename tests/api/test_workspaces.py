"""`/api/workspaces`: made by the default workspace's admins, and seen by nobody else."""

import pytest

from tests.api.conftest import Open

pytestmark = pytest.mark.real


async def test_a_workspace_is_made_with_a_key_that_sees_it_alone(opened: Open) -> None:
    async with opened.http() as http:
        made = await http.post("/api/workspaces", json={"name": "research", "key_name": "ada"})
        assert made.status_code == 201, made.text
        key = made.json()["key"]
        assert (key["name"], key["scopes"]) == ("ada", ["admin"])
        names = [one["name"] for one in (await http.get("/api/workspaces")).json()["data"]]
        assert names == ["default", "theirs", "research"]
        assert (await http.post("/api/workspaces", json={"name": "research"})).status_code == 409
        for wrong, field in (({"name": ""}, "name"), ({}, "name"), ({"name": " "}, "name"), ({"name": "a\0"}, "name")):
            answer = await http.post("/api/workspaces", json=wrong)
            assert (answer.status_code, answer.json()["field"]) == (400, field)
        asks = (await http.post("/api/keys", json={"name": "asks", "scopes": ["ask", "read", "budgets"]})).json()
    async with opened.http(key["key"]) as http:
        assert [one["name"] for one in (await http.get("/api/workspaces")).json()["data"]] == ["research"]
        assert [one["name"] for one in (await http.get("/api/keys")).json()["data"]] == ["ada"]
        assert (await http.post("/api/workspaces", json={"name": "more"})).status_code == 403
    async with opened.http(asks["key"]) as http:
        assert (await http.get("/api/workspaces")).status_code == 403
        assert (await http.post("/api/workspaces", json={"name": "more"})).status_code == 403
