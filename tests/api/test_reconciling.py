"""`/api/costs/reconcile`, `perdure costs reconcile` and `perdure ledger reconcile`: an export against rows of calls."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cli.exits import Exit
from contracts.usage import Usage
from storage import keys
from tests.api.conftest import Open
from tests.cli.test_commands import perdure
from tests.storage.ledger_rows import add_call
from tests.unit.domain.reconciling import exports as made
from tests.unit.domain.reconciling.exports import WEB, Spent, Used

pytestmark = pytest.mark.real

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
MINI = "gpt-5-mini-2025-08-07"
CLAUDE = "claude-haiku-4-5-20251001"


async def spend(opened: Open) -> None:
    """Three calls of OpenAI's over two days, one of another workspace, one that was simulated, and one of Anthropic's."""
    database, workspace = opened.doors.database, opened.workspace_id
    used = Usage(input_uncached=700, cache_read=300, output=90)
    late, early = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    for at in (late, late, early):
        await add_call(database, workspace, "openai:gpt-5-mini", used, "0.5", at=at, served=MINI)
    await add_call(database, workspace, "openai:gpt-5-mini", used, "9", at=late, served=MINI, simulated=True)
    async with database.begin() as connection:
        other = await keys.workspace(connection, now=early, name="theirs")
    await add_call(database, other, "openai:gpt-5-mini", used, "0.5", at=late, served=MINI)
    parts = {"output": Decimal("1.5"), "web_searches": Decimal("0.02")}
    searched = Usage(input_uncached=10, output=5, web_searches=2, estimated=True)
    await add_call(
        database, workspace, "anthropic:claude-haiku-4-5", searched, "1.52", at=late, served=CLAUDE, parts=parts
    )


async def test_an_export_is_compared_with_the_workspaces_calls(opened: Open, tmp_path: Path) -> None:
    await spend(opened)
    ours = [
        Used(FIRST, MINI, 2, uncached=1400, read=600, output=180),
        Used(SECOND, MINI, 1, uncached=700, read=300, output=90),
    ]
    async with opened.http() as http:
        for text in (made.openai_usage_csv(ours), made.openai_usage_json(ours)):
            found = (await http.post("/api/costs/reconcile", content=text)).raise_for_status().json()
            assert (found["agrees"], found["total"]["ledger"]["requests"], len(found["rows"])) == (True, 3, 2)
        bill = made.anthropic_costs_csv(
            [Spent(FIRST, "Claude Haiku 4.5", Decimal("1.5")), Spent(FIRST, WEB, Decimal("0.02"))]
        )
        found = (await http.post("/api/costs/reconcile", content=bill)).raise_for_status().json()
        assert (found["agrees"], [row["model"] for row in found["rows"]]) == (True, ["claude-haiku-4-5", "tools"])
        dearer = bill.replace("1.50", "1.62")
        found = (await http.post("/api/costs/reconcile", content=dearer)).raise_for_status().json()
        (wrong,) = [row for row in found["rows"] if not row["agrees"]]
        assert (wrong["day"], wrong["difference"]) == ("2026-03-01", {"cost_usd": "0.12"})
        assert wrong["because"] == [
            "Calls that were cut off before the vendor told their usage, which was counted here: 1."
        ]
        named = await http.post("/api/costs/reconcile?provider=azure", content=made.openai_usage_csv(ours))
        assert "The ledger has nothing" in named.json()["rows"][0]["because"][0]

    usage = tmp_path / "usage.csv"
    usage.write_text(made.openai_usage_csv(ours))
    own = {"PERDURE_DATABASE_URL": opened.doors.database.dsn}
    code, raw, told = await perdure("ledger", "reconcile", str(usage), "--json", **own)
    assert code == Exit.FAILED, told
    # Of all workspaces there is a call more.
    assert json.loads(raw)["total"]["difference"]["requests"] == -1
    code, shown, told = await perdure("ledger", "reconcile", str(usage), "--workspace", "default", **own)
    assert (code, "agrees" in shown) == (Exit.OK, True), told
    assert (await perdure("ledger", "reconcile", str(usage), "--workspace", "nobodys", **own))[0] == Exit.NOT_FOUND
    there = {"PERDURE_URL": opened.url, "PERDURE_API_KEY": opened.key}
    code, raw, told = await perdure("costs", "reconcile", str(usage), "--json", **there)
    assert (code, json.loads(raw)["total"]["ledger"]["requests"]) == (Exit.OK, 3), told
    code, shown, _ = await perdure("costs", "reconcile", str(usage), "--provider", "azure", **there)
    assert code == Exit.FAILED
    assert "The ledger has nothing" in shown
    usage.write_text(made.openai_usage_csv(ours).replace(",2000,", ",many,"))
    code, _, told = await perdure("ledger", "reconcile", str(usage), **own)
    assert code == Exit.USAGE
    assert "row 2, column input_tokens" in told
    code, _, told = await perdure("costs", "reconcile", str(usage), **there)
    assert code == Exit.FAILED
    assert "row 2, column input_tokens" in told


async def test_a_file_of_the_wrong_shape_is_refused_with_its_place(opened: Open) -> None:
    costs = made.openai_costs_csv([Spent(FIRST, None, Decimal(1))])
    async with opened.http() as http:
        wrong = await http.post("/api/costs/reconcile", content=costs.replace(",usd,", ",eur,"))
        assert wrong.status_code == 400
        problem = wrong.json()
        assert (problem["field"], problem["row"], problem["column"]) == ("file", "2", "amount_currency")
        for content in (b"\xff\xfe", b"", b"x" * 50, b"\0,\0\n"):
            assert (await http.post("/api/costs/reconcile", content=content)).status_code == 400
        assert (await http.post("/api/costs/reconcile", content=b"x" * 100_001)).status_code == 413
        made_key = (await http.post("/api/keys", json={"name": "looker", "scopes": ["read"]})).json()
    async with opened.http(made_key["key"]) as http:
        assert (await http.post("/api/costs/reconcile", content=costs)).status_code == 200
