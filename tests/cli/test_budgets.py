"""`perdure budgets`, `perdure keys` and `perdure ledger`, as a person and as a script would use them."""

import json

import pytest

from cli.exits import Exit
from tests.cli.test_commands import new_turn, perdure, reaching
from tests.fixtures.house import Running

pytestmark = pytest.mark.real


async def test_a_budget_is_set_spent_raised_and_verified(house: Running) -> None:
    here = reaching(house)
    database = house.house.settings.database_url
    assert database is not None
    own = {"PERDURE_DATABASE_URL": database.get_secret_value()}
    code, raw, told = await perdure("budgets", "set", "workspace", "0.001", "--period", "day", "--json", **here)
    assert code == Exit.OK, told
    budget = json.loads(raw)["id"]
    async with house.http() as http:
        said = {"model": "sim:sim-fast", "content": "hello", "knobs": {"max_output_tokens": 100}}
        answered = (await http.post("/api/turns?wait=30", json=said)).json()
        assert answered["state"] == "completed", answered["result"]
        dear = (await http.post("/api/turns?wait=30", json={**said, "knobs": {"max_output_tokens": 100_000}})).json()
        refused = await http.post(
            "/v1/chat/completions",
            json={
                "model": "sim:sim-fast",
                "messages": [{"role": "user", "content": "hello"}],
                "max_completion_tokens": 100_000,
            },
        )
    assert (dear["state"], dear["result"]["error_kind"]) == ("failed", "budget_exceeded")
    assert dear["result"]["error_detail"]["budget_id"] == budget
    assert refused.status_code == 402
    assert refused.json()["error"]["renews_at"] == dear["result"]["error_detail"]["renews_at"]

    _, raw, _ = await perdure("budgets", "list", "--json", **here)
    (listed,) = json.loads(raw)
    cost = answered["result"]["cost"]["total"]
    assert (listed["status"]["spent"], listed["status"]["reserved"]) == (cost, "0")
    code, shown, _ = await perdure("budgets", "raise", budget, "5", **here)
    assert (code, shown) == (Exit.OK, "The limit is now $5 a day.\n")
    code, shown, _ = await perdure("budgets", "status", budget, **here)
    assert code == Exit.OK
    assert f"{cost} spent, 0 reserved" in shown
    assert "refused a call" in shown
    assert (await perdure("budgets", "approve", answered["id"], **here))[0] == Exit.CONFLICT

    code, shown, told = await perdure("ledger", "verify", **own)
    assert code == Exit.OK, shown + told
    assert "broken" not in shown
    async with house.house.database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE budget_accounts SET free = free + 1")
    code, raw, _ = await perdure("ledger", "verify", "--json", **own)
    assert code == Exit.FAILED
    assert [one["name"] for one in json.loads(raw) if not one["holds"]] == ["accounts_sum"]
    assert (await perdure("budgets", "delete", budget, **here))[0] == Exit.OK
    assert (await perdure("budgets", "delete", budget, **here))[0] == Exit.NOT_FOUND


async def test_a_key_of_the_terminal_has_rights_and_is_rotated(house: Running) -> None:
    database = house.house.settings.database_url
    assert database is not None
    own = {"PERDURE_DATABASE_URL": database.get_secret_value()}
    for wrong in (("--limit", "-1"), ("--limit", "much"), ("--limit", "1", "--period", "0")):
        assert (await perdure("keys", "create", "app", *wrong, **own))[0] == Exit.USAGE
    rights = (
        "--limit",
        "2.5",
        "--period",
        "day",
        "--scope",
        "ask",
        "--model",
        "sim:sim-f*",
        "--tier",
        "free",
        "--days",
        "1",
    )
    _, raw, _ = await perdure("keys", "create", "app", *rights, "--json", **own)
    made = json.loads(raw)
    assert (made["scopes"], made["allowed_models"], made["user_tier"]) == (["ask"], ["sim:sim-f*"], "free")
    async with house.http() as http:
        (budget,) = (await http.get("/api/budgets", params={"scope": "key", "value": made["id"]})).json()["data"]
    assert (budget["limit"], budget["period"], budget["hard"]) == ("2.5", "day", True)
    code, raw, _ = await perdure("keys", "rotate", made["prefix"], "--json", **own)
    rotated = json.loads(raw)
    assert (code, rotated["replaces"], rotated["scopes"]) == (Exit.OK, made["id"], ["ask"])
    assert (await perdure("keys", "create", "x", "--scope", "root", **own))[0] == Exit.USAGE
    other = Running(house.url, rotated["key"], house.house, house.simulator)
    async with other.http() as http:
        assert (await http.get("/api/keys")).status_code == 403
        allowed = (await http.get(f"/api/turns/{await new_turn(other)}")).json()
        denied = (await http.post("/api/turns?wait=30", json={"model": "sim:sim-echo", "content": "hello"})).json()
        chosen = (await http.post("/api/turns?wait=30", json={"model": "auto", "content": "hello"})).json()
    assert allowed["state"] == "completed"
    assert (denied["state"], denied["result"]["error_kind"]) == ("failed", "access_denied")
    assert "The key allows sim:sim-f*" in denied["result"]["error_message"]
    assert chosen["result"]["model"]["model"].startswith("sim-f")
