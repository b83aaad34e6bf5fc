"""`/api/budgets`: set, look, change, end; what makes no sense is named."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from contracts.budgets import Charge, Claim, Want
from domain.budgets.amounts import slice_ahead
from domain.budgets.windows import forgotten_before, slot_end, window_of
from storage import budgets, reservations
from storage.ids import new_id
from storage.reservations import AttemptKey
from tests.api.conftest import Open

pytestmark = pytest.mark.real


async def spend(opened: Open, budget_id: str, amount: str, *, subject: str = "") -> None:
    """Reserve and settle an amount, as an attempt does."""
    now, attempt = datetime.now(UTC), AttemptKey(new_id(), 0, 1)
    async with opened.doors.database.begin() as connection:
        [found] = [
            one
            for one in await budgets.listed(connection, workspace_id=opened.workspace_id)
            if str(one.id) == budget_id
        ]
        want = Want(Claim(found, subject), window_of(found.terms, now), Decimal(amount))
        short = await reservations.reserve(
            connection,
            attempt,
            [want],
            ahead=slice_ahead,
            forgotten=lambda one: forgotten_before(one.window, now),
            now=now,
        )
        assert short is None
    async with opened.doors.database.begin() as connection:
        await reservations.settle(connection, attempt, Charge(Decimal(amount)), slot_of=slot_end, now=now)


async def test_a_budget_is_set_looked_at_changed_and_ended(opened: Open) -> None:
    async with opened.http() as http:
        made = await http.post("/api/budgets", json={"scope": "user", "value": "ada", "limit": "100.00"})
        assert made.status_code == 201, made.text
        budget = made.json()
        path = made.headers["location"]
        assert (budget["limit"], budget["unit"], budget["period"], budget["hard"]) == ("100", "usd", "month", True)
        assert (await http.get(path)).json() == budget

        await spend(opened, budget["id"], "82.50")
        status = (await http.get(f"{path}/status")).json()
        assert (status["spent"], status["available"], status["remaining"]) == ("82.5", "17.5", "17.5")
        assert (status["percentage_used"], status["alert_level"], status["crossed"]) == (82.5, "warning", ["50", "80"])
        assert status["renews_at"] is not None
        assert status["waiting"] == []

        raised = await http.patch(path, json={"limit": "165", "name": "Ada", "thresholds": ["40"]})
        assert (raised.json()["limit"], raised.json()["name"], raised.json()["thresholds"]) == ("165", "Ada", ["40"])
        assert (await http.get(f"{path}/status")).json()["available"] == "82.5"
        lowered = await http.patch(path, json={"limit": "80"})
        assert lowered.status_code == 200
        assert (await http.get(f"{path}/status")).json()["available"] == "0"

        listed = (await http.get("/api/budgets", params={"scope": "user"})).json()["data"]
        assert [one["status"]["spent"] for one in listed] == ["82.5"]
        assert (await http.get("/api/budgets", params={"scope": "key"})).json()["data"] == []
        assert (await http.delete(path)).status_code == 204
        assert (await http.get(path)).status_code == 404
        assert (
            await http.post("/api/budgets", json={"scope": "user", "value": "ada", "limit": "1"})
        ).status_code == 201
    async with opened.http(opened.stranger) as http:
        assert (await http.get("/api/budgets")).json()["data"] == []


async def test_a_budget_for_each_shows_who_was_counted(opened: Open) -> None:
    async with opened.http() as http:
        budget = (await http.post("/api/budgets", json={"scope": "user", "value": "*", "limit": 10})).json()
        for user, amount in (("ada", "2"), ("bob", "9.5")):
            await spend(opened, budget["id"], amount, subject=user)
        path = f"/api/budgets/{budget['id']}/status"
        subjects = (await http.get(path)).json()["subjects"]
        assert [(one["subject"], one["spent"], one["alert_level"]) for one in subjects] == [
            ("ada", "2", "none"),
            ("bob", "9.5", "critical"),
        ]
        assert (await http.get(path, params={"subject": "bob"})).json()["available"] == "0.5"
        assert (await http.get(path, params={"subject": "eve"})).json()["available"] == "10"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"scope": "workspace", "limit": "-1"}, "limit"),
    ({"scope": "workspace", "limit": 0}, "limit"),
    ({"scope": "workspace", "limit": "1e40"}, "limit"),
    ({"scope": "workspace", "limit": "NaN"}, "limit"),
    ({"scope": "workspace", "limit": "0.0000000000001"}, "limit"),
    ({"scope": "workspace", "limit": "1.5", "unit": "requests"}, "limit"),
    ({"scope": "galaxy", "limit": 1}, "scope"),
    ({"scope": "workspace", "limit": 1, "currency": "EUR"}, "currency"),
    ({"scope": "workspace", "limit": 1, "period": "0"}, "period"),
    ({"scope": "workspace", "limit": 1, "period": "total", "rolling": True}, "rolling"),
    ({"scope": "workspace", "limit": 1, "time_zone": "Mars/Base"}, "time_zone"),
    ({"scope": "workspace", "limit": 1, "thresholds": [50, 50]}, "thresholds"),
    ({"scope": "workspace", "limit": 1, "thresholds": [0]}, "thresholds.0"),
    ({"scope": "workspace", "limit": 1, "value": "x"}, "value"),
    ({"scope": "user", "limit": 1}, "value"),
    ({"scope": "user", "limit": 1, "value": "a\0b"}, "value"),
    ({"scope": "tag", "limit": 1, "value": "project"}, "value"),
    ({"scope": "key", "limit": 1, "value": "mine"}, "value"),
    ({"scope": "model", "limit": 1, "value": "simm:sim-fast"}, "value"),
    ({"scope": "workspace", "limit": 1, "limits": 2}, "limits"),
]


async def test_what_makes_no_sense_is_named(opened: Open) -> None:
    async with opened.http() as http:
        for said, field in WRONG:
            answer = await http.post("/api/budgets", json=said)
            assert answer.status_code in (400, 404), (said, answer.text)
            assert answer.json()["field"] == field, said
        assert (await http.get("/api/budgets")).json()["data"] == []


async def test_overlapping_definitions_and_unknown_keys_are_refused(opened: Open) -> None:
    async with opened.http() as http:
        said = {"scope": "workspace", "limit": 5}
        assert (await http.post("/api/budgets", json=said)).status_code == 201
        assert (await http.post("/api/budgets", json={**said, "limit": 7})).status_code == 409
        assert (await http.post("/api/budgets", json={**said, "period": "day"})).status_code == 201
        unknown = await http.post("/api/budgets", json={"scope": "key", "value": str(new_id()), "limit": 1})
        assert (unknown.status_code, unknown.json()["field"]) == (404, "value")
        assert (await http.get(f"/api/budgets/{new_id()}/status")).status_code == 404
        assert (await http.post(f"/api/turns/{new_id()}/approve-budget")).status_code == 404
