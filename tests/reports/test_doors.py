"""Reports at their doors: by API and from the command line, over a house whose ledger is filled."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from typer.testing import CliRunner

from cli.app import app
from providers.simulator.control import Simulator
from storage.ids import new_id
from tests.fixtures.house import Running, running_house
from tests.fixtures.postgres import PostgresServer, create_database
from tests.reports.calls import Call, write
from workers.embedded.temporal import EmbeddedTemporal

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

DEAR, CHEAP = "openai:gpt-4o", "openai:gpt-4o-mini"


@pytest.fixture(scope="module")
def module_simulator(simulator_server: str) -> Iterator[Simulator]:
    with Simulator(simulator_server) as client:
        client.reset()
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def billed(
    postgres_server: PostgresServer,
    temporal_server: EmbeddedTemporal,
    module_simulator: Simulator,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Running]:
    """Forty calls a day of a dear model for extraction, by ada and bob, for ten days; every tenth fails and is repeated."""
    dsn = await create_database(postgres_server)
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("reports")
        async with running_house(dsn, temporal_server, module_simulator, folder, patch) as running:
            async with running.house.database.begin() as connection:
                (workspace_id,) = (await connection.execute(text("SELECT id FROM workspaces"))).scalars()
            await write(running.house.database, workspace_id, _calls())
            yield running


def _calls() -> list[Call]:
    now = datetime.now(UTC)
    made = []
    for number in range(400):
        turn_id, at = new_id(), now - timedelta(days=number % 10, seconds=number)
        user = ("ada", "bob")[number % 2]
        call = Call(
            at,
            "openai",
            "gpt-4o",
            task="extraction",
            user=user,
            tags=(("project", "site"),),
            cost=Decimal("0.0035"),
            input_uncached=1_000,
            output=100,
            turn_id=turn_id,
        )
        failed = replace(call, state="failed", cost=Decimal("0.001"))
        if number % 10 == 0:
            made += [failed, replace(failed, attempt=2), replace(call, attempt=3)]
        else:
            made.append(call)
    return made


async def get(running: Running, path: str, **asked: Any) -> dict[str, Any]:
    async with running.http() as http:
        answer = await http.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def test_usage_by_anything(billed: Running) -> None:
    found = await get(billed, "/api/usage", by="user,model", tag="project:site")
    assert {(line["user"], line["model"]) for line in found["lines"]} == {("ada", DEAR), ("bob", DEAR)}
    whole = await get(billed, "/api/usage", by="day")
    assert (whole["total"]["calls"], whole["total"]["completed"], whole["total"]["failed"]) == (480, 400, 80)
    assert Decimal(whole["total"]["cost_usd"]) == Decimal("0.0035") * 400 + Decimal("0.001") * 80
    assert sum(Decimal(line["cost_usd"]) for line in whole["lines"]) == Decimal(whole["total"]["cost_usd"])
    assert Decimal(whole["total"]["cost_of_failures_usd"]) == Decimal("0.08")
    async with billed.http() as http:
        sheet = await http.get("/api/usage", params={"by": "tag:project", "format": "csv"})
    assert sheet.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(sheet.text))
    assert (row["tag:project"], row["calls"]) == ("site", "480")


async def test_models_by_cost(billed: Running) -> None:
    (line,) = (await get(billed, "/api/models/usage", days=30))["models"]
    assert (line["model"], line["cost_share"], line["success_rate"]) == (DEAR, 1.0, round(400 / 480, 4))


async def test_where_costs_are_going(billed: Running) -> None:
    found = await get(billed, "/api/costs/analytics")
    assert Decimal(found["trend"]["mean_day_usd"]) == Decimal("0.14")
    assert Decimal(found["projection"]["projected_usd"]) >= Decimal(found["projection"]["to_date_usd"]) > 0
    assert [line["user"] for line in found["breakdown"]["user"]] == ["ada", "bob"]
    assert len(found["trend"]["days"]) >= 10


async def test_what_would_cost_less_is_a_change_that_can_be_applied(billed: Running) -> None:
    found = (await get(billed, "/api/costs/recommendations"))["recommendations"]
    kinds = {one["kind"]: one for one in found}
    cheaper = kinds["cheaper_model"]
    assert cheaper["evidence"]["task"] == "extraction"
    there = cheaper["evidence"]["there"]
    assert cheaper["change"]["routing_rules"]["task_preferences"]["extraction"] == [there, DEAR]
    cost, cost_there = (Decimal(cheaper["evidence"][name]) for name in ("cost_usd", "cost_there_usd"))
    assert Decimal(cheaper["saving_usd"]) == cost - cost_there > 0
    assert f"+    - {there}" in cheaper["diff"] or there in cheaper["diff"]
    assert kinds["repeats"]["evidence"]["repeats"] == 40
    async with billed.http() as http:
        put = await http.put("/api/policies", content=cheaper["policy"], headers={"Content-Type": "application/yaml"})
        assert put.status_code == 201, put.text
        try:
            again = (await get(billed, "/api/costs/recommendations"))["recommendations"]
            assert "cheaper_model" not in {one["kind"] for one in again}
        finally:
            await http.put("/api/policies", content="{}")


async def test_what_it_would_have_cost(billed: Running) -> None:
    async with billed.http() as http:
        as_it_was = (await http.post("/api/costs/what-if", json={"sample": 100})).json()
        body = {"sample": 100, "policy": {"routing_rules": {"task_preferences": {"extraction": [CHEAP]}}}}
        moved = (await http.post("/api/costs/what-if", json=body)).json()
        prices = {"sample": 100, "policy": {"models": {CHEAP: {"price": {"input": 0, "output": 0}}}}}
        priced = (await http.post("/api/costs/what-if", json={**prices, "strategy": "cost"})).json()
        refused = await http.post("/api/costs/what-if", json={"policy": {"routing_rules": {"strategy": "cheap"}}})
        calls = len(billed.asked())
    assert as_it_was["turns"] == moved["turns"] == 100
    assert moved["moved"] == 100
    assert moved["models"] == {CHEAP: 100}
    # 1,000 tokens in at $0.15 a million and 100 out at $0.60.
    assert Decimal(moved["what_if_usd"]) == 100 * (Decimal("0.00015") + Decimal("0.00006"))
    assert Decimal(moved["saving_usd"]) == Decimal(moved["cost_usd"]) - Decimal(moved["what_if_usd"])
    assert priced["turns"] == 100
    assert refused.status_code == 400
    assert "strategy" in refused.json()["detail"]
    assert len(billed.asked()) == calls


async def test_a_report_on_a_user(billed: Running) -> None:
    found = await get(billed, "/api/usage/users/ada/report")
    assert found["summary"]["completed"] == 200
    assert found["summary"]["most_used_models"] == [{"model": DEAR, "calls": 280}]
    assert {one["kind"] for one in found["insights"]} == {"failures"}
    assert found["recommendations"]
    nobody = await get(billed, "/api/usage/users/nobody/report")
    assert (nobody["summary"]["calls"], nobody["summary"]["mean_seconds"]) == (0, None)


@pytest.mark.parametrize(
    ("path", "asked", "field"),
    [
        ("/api/usage", {"by": "colour"}, "by"),
        ("/api/usage", {"by": "tag"}, "by"),
        ("/api/usage", {"tag": "project"}, "tag"),
        ("/api/usage", {"from": "2026-03-02", "to": "2026-03-01"}, "from"),
        ("/api/usage", {"from": "2016-03-02", "to": "2026-03-01"}, "from"),
        ("/api/usage", {"from": "yesterday"}, "from"),
        ("/api/models/usage", {"days": "0"}, "days"),
    ],
    ids=["unknown label", "nameless tag", "half a tag", "backwards", "ten years", "no date", "no days"],
)
async def test_bad_questions_say_what_is_wrong(billed: Running, path: str, asked: dict[str, str], field: str) -> None:
    async with billed.http() as http:
        answer = await http.get(path, params=asked)
    assert answer.status_code == 400
    assert answer.json()["field"] == field


async def test_from_the_command_line(billed: Running) -> None:
    def run(*said: str) -> str:
        result = CliRunner().invoke(app, [*said, "--url", billed.url, "--key", billed.key])
        assert result.exit_code == 0, result.output
        return result.output

    shown = await asyncio.to_thread(run, "usage", "--by", "user")
    assert "ada" in shown
    assert "total" in shown
    assert json.loads(await asyncio.to_thread(run, "usage", "--json"))["total"]["calls"] == 480
    assert (await asyncio.to_thread(run, "usage", "--by", "model", "--csv")).startswith("model,calls")
    assert "USD a day" in await asyncio.to_thread(run, "costs", "analytics")
    assert "Saves" in await asyncio.to_thread(run, "costs", "recommendations")
    assert "USD less" in await asyncio.to_thread(run, "costs", "what-if", "--strategy", "cost", "--sample", "20")
