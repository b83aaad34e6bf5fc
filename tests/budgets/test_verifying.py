"""Every invariant of `perdure ledger verify`, broken by hand: it is named, and each exception is explained with its ids."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from cli.exits import Exit
from contracts.budgets import Scope, Spender
from contracts.models import ModelRef
from domain.budgets.matching import matches
from storage.database import Database
from storage.ids import new_id
from storage.reservations import AttemptKey
from storage.usage_days import sum_again
from storage.verifying import INVARIANTS, Verdict, verify, wrong_days
from tests.budgets.spending import NOW, new_attempt, new_budget, reserve, settle, want
from tests.cli.test_commands import perdure
from tests.reports.calls import Call, write
from workers.summing import Summer

pytestmark = pytest.mark.real

DIME = Decimal("0.10")
LATER = NOW + timedelta(days=10)
EARLY, SUMMED, NEW = NOW + timedelta(days=1), NOW + timedelta(days=9), LATER - timedelta(minutes=30)
MADE = Call(NEW, "openai", "gpt-4o", cost=DIME)

BY_HAND = [
    (
        {"accounts_sum"},
        "UPDATE budget_accounts SET free = free + 1",
        "UPDATE budget_accounts SET free = free - 1",
    ),
    (
        {"accounts_match_reservations"},
        "UPDATE budget_slices SET spent = spent + 1, room = room - 0.05, reserved = reserved + 0.05; "
        "UPDATE budget_accounts SET free = free - 1",
        "UPDATE budget_slices SET spent = spent - 1, room = room + 0.05, reserved = reserved - 0.05; "
        "UPDATE budget_accounts SET free = free + 1",
    ),
    (
        {"charges_match_the_ledger"},
        "UPDATE model_usage SET cost = cost + 1 WHERE turn_id = '{new}'",
        "UPDATE model_usage SET cost = cost - 1 WHERE turn_id = '{new}'",
    ),
    (
        {"costs_are_counted", "accounts_match_reservations"},
        "CREATE TABLE kept AS SELECT * FROM reservations WHERE turn_id = '{new}'; "
        "DELETE FROM reservations WHERE turn_id = '{new}'",
        "INSERT INTO reservations SELECT * FROM kept",
    ),
    (
        {"nothing_left_open"},
        "UPDATE model_usage SET state = 'open' WHERE turn_id = '{new}'",
        "UPDATE model_usage SET state = 'completed' WHERE turn_id = '{new}'",
    ),
    (
        {"parts_sum"},
        """UPDATE model_usage SET cost_parts = '{{"output": "0.05"}}' WHERE turn_id = '{new}'""",
        "UPDATE model_usage SET cost_parts = '{{}}' WHERE turn_id = '{new}'",
    ),
    (
        {"turns_sum"},
        """UPDATE turns SET result = '{{"cost": {{"total": "9"}}}}' WHERE id = '{new}'""",
        "UPDATE turns SET result = NULL WHERE id = '{new}'",
    ),
    (
        {"days_match_the_ledger"},
        "UPDATE usage_days SET cost = cost + 1 WHERE day = '2026-03-02'",
        "UPDATE usage_days SET cost = cost - 1 WHERE day = '2026-03-02'",
    ),
    (
        {"days_match_the_ledger", "breakdowns_match_the_ledger"},
        "DELETE FROM usage_days WHERE dimension = '' AND day = '2026-03-10'",
        "",
    ),
    (
        {"breakdowns_match_the_ledger"},
        "UPDATE usage_days SET value = 'bob' WHERE dimension = 'user' AND day = '2026-03-10'",
        "UPDATE usage_days SET value = 'ada' WHERE dimension = 'user' AND day = '2026-03-10'",
    ),
    (
        {"months_match_their_days"},
        "INSERT INTO usage_months SELECT * FROM usage_days WHERE day = '2026-03-02'",
        "DELETE FROM usage_months",
    ),
]


async def ask(database: Database) -> dict[str, Verdict]:
    """What does not hold, by name."""
    async with database.begin() as connection:
        verdicts = await verify(connection, now=LATER)
    assert [one.invariant for one in verdicts] == list(INVARIANTS)
    return {one.invariant.name: one for one in verdicts if one.broken}


async def script(database: Database, statements: str) -> None:
    async with database.begin() as connection:
        for statement in statements.split("; "):
            await connection.exec_driver_sql(statement)


async def spent(database: Database, workspace_id: UUID) -> UUID:
    """A budget, two calls whose days are summed and a new one, all counted; the new one's turn."""
    budget = await new_budget(database, workspace_id)
    for call in (replace(MADE, at=EARLY), replace(MADE, at=SUMMED, user="ada"), MADE):
        attempt = new_attempt()
        await write(database, workspace_id, [replace(call, turn_id=attempt.turn_id)])
        assert await reserve(database, attempt, [want(budget, DIME)], now=call.at) is None
        await settle(database, attempt, DIME, now=call.at)
    await Summer(database, lambda: LATER).sum()
    # Nothing began in the hours after: the day is over.
    await script(database, f"UPDATE usage_summed SET until = '{SUMMED.date() + timedelta(days=1)}'")
    return attempt.turn_id


async def test_what_is_broken_by_hand_is_named_and_explained(database: Database, workspace_id: UUID) -> None:
    new = await spent(database, workspace_id)
    assert await ask(database) == {}
    for names, breaking, mending in BY_HAND:
        await script(database, breaking.format(new=new))
        found = await ask(database)
        assert found.keys() == names, (breaking, found)
        for verdict in found.values():
            sentences = verdict.sentences()
            assert len(sentences) == len(verdict.examples) >= 1
            ids = [str(row.get("turn_id") or row.get("budget_id") or row["workspace_id"]) for row in verdict.examples]
            assert all(one in sentence for one, sentence in zip(ids, sentences, strict=True)), sentences
        if mending:
            await script(database, mending.format(new=new))
        else:
            async with database.begin() as connection:
                ((workspace, day),) = await wrong_days(connection)
                assert await sum_again(connection, workspace, day)
        assert await ask(database) == {}, mending
    # What no statement above broke is broken below, by what may happen.
    assert {name for names, _, _ in BY_HAND for name in names} == {one.name for one in INVARIANTS} - {
        "limits_hold",
        "nothing_left_reserved",
    }


async def test_what_may_happen_is_explained(database: Database, workspace_id: UUID) -> None:
    new = await spent(database, workspace_id)
    async with database.begin() as connection:
        (budget_id,) = (await connection.execute(text("SELECT id FROM budgets"))).scalars()
        await connection.execute(text("UPDATE model_usage SET cost = 7 WHERE turn_id = :id"), {"id": new})
    await settle(database, AttemptKey(new, 0, 1), Decimal(7), now=LATER)
    found = await ask(database)
    assert found.keys() == {"limits_hold"}
    assert not found["limits_hold"].invariant.grave
    (sentence,) = found["limits_hold"].sentences()
    assert str(budget_id) in sentence
    assert "calls came to 6.9" in sentence

    other = await new_budget(database, workspace_id, scope=Scope.USER, value="bob")
    lost = new_attempt()
    assert await reserve(database, lost, [want(other, DIME)]) is None
    found = await ask(database)
    assert found.keys() == {"limits_hold", "nothing_left_reserved"}
    (sentence,) = found["nothing_left_reserved"].sentences()
    assert str(lost.turn_id) in sentence
    assert "the attempt is gone" in sentence


async def test_every_budget_that_is_for_a_call_is_missed_and_no_other(database: Database, workspace_id: UUID) -> None:
    """The statement says the same as `domain.budgets.matching`."""
    key = new_id()
    named = {
        Scope.WORKSPACE: ("",),
        Scope.USER: ("ada", "bob", "*"),
        Scope.KEY: (str(key), str(new_id()), "*"),
        Scope.TAG: ("team=red", "team=blue", "team=*", "project=*"),
        Scope.MODEL: ("openai:gpt-4o", "openai:gpt-4o-mini", "openai:*", "anthropic:*", "*"),
        Scope.RUN: ("run-1", "*"),
    }
    made = {
        (scope, value): (await new_budget(database, workspace_id, scope=scope, value=value)).id
        for scope, values in named.items()
        for value in values
    }
    calls = (
        replace(MADE, user="ada", key=key, tags=(("team", "red"),)),
        replace(MADE, user="*", tags=(("project", "x"), ("team", "*"))),
        replace(MADE, model="gpt-4.1", cost=Decimal(0)),
    )
    for call in calls:
        await write(database, workspace_id, [call])
        spender = Spender(workspace_id, call.user, call.key, None, dict(call.tags))
        said = {(one.scope, one.value) for one in matches(spender, ModelRef.parse(f"openai:{call.model}"))}
        expected = {made[one] for one in said if one in made} if call.cost else set()
        async with database.begin() as connection:
            verdicts = await verify(connection, now=LATER, examples=50)
        (missed,) = [one for one in verdicts if one.invariant.name == "costs_are_counted"]
        assert {row["budget_id"] for row in missed.examples} == expected
        assert missed.broken == len(expected)
        await script(database, "DELETE FROM model_usage; DELETE FROM turns")


async def test_the_terminal_explains_and_sums_anew(database: Database, workspace_id: UUID) -> None:
    await spent(database, workspace_id)
    own = {"PERDURE_DATABASE_URL": database.dsn}
    await script(database, "UPDATE usage_days SET calls = calls + 1")
    code, shown, told = await perdure("ledger", "verify", **own)
    assert code == Exit.FAILED, told
    assert f"Workspace {workspace_id}, 2026-03-02, openai:gpt-4o: the sums say 2 calls" in shown
    assert shown.count("broken") == 2
    code, shown, told = await perdure("ledger", "resum", **own)
    assert (code, shown.count("was summed anew")) == (Exit.OK, 2), told
    assert await ask(database) == {}
    assert (await perdure("ledger", "resum", **own))[1] == "Every day's sums are what the ledger says.\n"
