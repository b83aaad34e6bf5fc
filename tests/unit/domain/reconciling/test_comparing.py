"""A ledger against exports of it: what is the same agrees in every shape, and a difference is found where it is."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.reconciling import TOOLS, Figures, LedgerSum
from domain.reconciling.comparing import ALL, Reconciliation, compare
from domain.reconciling.naming import family, labelling
from domain.reconciling.reading import read_export
from domain.reconciling.showing import shown
from tests.unit.domain.reconciling import exports as made
from tests.unit.domain.reconciling.exports import Spent, Used

FIRST = date(2026, 3, 1)
COUNT = st.integers(0, 10**9)
USD = st.decimals(0, 10_000, places=2)

USAGE: dict[str, Callable[[Sequence[Used]], str]] = {
    "openai json": made.openai_usage_json,
    "openai csv": made.openai_usage_csv,
    "anthropic json": made.anthropic_usage_json,
    "anthropic csv": made.anthropic_usage_csv,
}
COSTS: dict[str, Callable[[Sequence[Spent]], str]] = {
    "openai json": made.openai_costs_json,
    "openai csv": made.openai_costs_csv,
    "anthropic json": made.anthropic_costs_json,
    "anthropic csv": made.anthropic_costs_csv,
}


@st.composite
def used(draw: st.DrawFn) -> list[Used]:
    rows = draw(
        st.lists(
            st.builds(
                Used,
                day=st.integers(0, 3).map(lambda days: FIRST + timedelta(days=days)),
                model=st.sampled_from(["model-a-2026-01-01", "model-a-2026-02-02", "model-b"]),
                requests=st.integers(1, 1000),
                uncached=COUNT,
                read=COUNT,
                written_5m=COUNT,
                written_1h=COUNT,
                output=COUNT,
                searches=st.integers(0, 9),
            ),
            min_size=1,
            max_size=8,
        )
    )
    return list(rows)


def ledger_of(rows: Sequence[Used]) -> list[LedgerSum]:
    sums: dict[tuple[date, str], list[Used]] = defaultdict(list)
    for row in rows:
        sums[row.day, row.model].append(row)
    return [
        LedgerSum(
            day,
            model,
            Figures(
                requests=sum(one.requests for one in group),
                input=sum(one.input for one in group),
                cache_read=sum(one.read for one in group),
                cache_write=sum(one.written_5m + one.written_1h for one in group),
                output=sum(one.output for one in group),
                searches=sum(one.searches for one in group),
                cost=Decimal(0),
            ),
            Decimal(0),
            estimated=0,
            unpriced=0,
        )
        for (day, model), group in sums.items()
    ]


def spent(day: date, model: str, usd: str, *, tools: str = "0", estimated: int = 0, unpriced: int = 0) -> LedgerSum:
    return LedgerSum(day, model, Figures(requests=1, input=5, cost=Decimal(usd)), Decimal(tools), estimated, unpriced)


@given(st.sampled_from(sorted(USAGE)), used(), st.data())
def test_a_ledger_agrees_with_its_own_export_and_a_difference_is_found_where_it_is(
    shape: str, rows: list[Used], data: st.DataObject
) -> None:
    text, ledger = USAGE[shape](rows), ledger_of(rows)
    same = compare(read_export(text), ledger)
    assert same.agrees
    assert [row for row in same.rows if not row.agrees] == []
    assert same.total.theirs.input == sum(row.input for row in rows)

    at = data.draw(st.integers(0, len(ledger) - 1))
    more = data.draw(st.integers(1, 1000))
    changed = replace(ledger[at], figures=replace(ledger[at].figures, output=(ledger[at].figures.output or 0) + more))
    other = compare(read_export(text), [*ledger[:at], changed, *ledger[at + 1 :]])
    (wrong,) = [row for row in other.rows if not row.agrees]
    assert (wrong.day, wrong.model, wrong.difference.output) == (changed.day, changed.model, -more)
    assert other.total.difference.output == -more


@given(
    st.sampled_from(sorted(COSTS)), st.dictionaries(st.sampled_from(["model-a", "model-b", "model-c"]), USD, min_size=1)
)
def test_costs_agree_to_what_rounding_explains(shape: str, charges: dict[str, Decimal]) -> None:
    text = COSTS[shape]([Spent(FIRST, model, usd) for model, usd in charges.items()])
    exact = [spent(FIRST, model, str(usd)) for model, usd in charges.items()]
    assert compare(read_export(text), exact).agrees
    within = [spent(FIRST, model, str(usd + Decimal("0.004"))) for model, usd in charges.items()]
    assert compare(read_export(text), within).agrees is (shape == "anthropic csv")
    beyond = [spent(FIRST, model, str(usd + Decimal("0.02"))) for model, usd in charges.items()]
    assert sum(not row.agrees for row in compare(read_export(text), beyond).rows) == len(charges)


def reconciled(spending: Sequence[Spent], ledger: Sequence[LedgerSum]) -> Reconciliation:
    return compare(read_export(made.anthropic_costs_json(spending)), ledger)


def test_what_tools_cost_is_compared_apart_as_bills_list_it() -> None:
    bill = [Spent(FIRST, "claude-haiku-4-5", Decimal("1.5")), Spent(FIRST, "web search", Decimal("0.02"))]
    found = reconciled(bill, [spent(FIRST, "claude-haiku-4-5-20251001", "1.52", tools="0.02")])
    assert found.agrees
    assert [(row.model, row.ours.cost) for row in found.rows] == [
        ("claude-haiku-4-5", Decimal("1.50")),
        (TOOLS, Decimal("0.02")),
    ]


def test_an_export_that_is_not_told_apart_is_compared_by_days() -> None:
    found = reconciled(
        [Spent(FIRST, None, Decimal("3.02"))], [spent(FIRST, "a", "1.02", tools="0.5"), spent(FIRST, "b", "2")]
    )
    assert found.agrees
    assert [row.model for row in found.rows] == [ALL]
    assert "compared as a whole" in found.notes[0]


def test_what_only_one_side_knows_is_told_with_what_is_known_of_it() -> None:
    later = FIRST + timedelta(days=1)
    found = reconciled(
        [Spent(FIRST, "claude-haiku-4-5", Decimal(1)), Spent(later, "claude-opus-4-5", Decimal(2))],
        [spent(FIRST, "claude-haiku-4-5", "1.5", estimated=2, unpriced=1), spent(later, "claude-sonnet-4-5", "3")],
    )
    told = {(row.day, row.model): row for row in found.rows}
    assert set(told) == {(FIRST, "claude-haiku-4-5"), (later, "claude-opus-4-5"), (later, "claude-sonnet-4-5")}
    assert told[FIRST, "claude-haiku-4-5"].difference.cost == Decimal("-0.5")
    assert ["counted here: 2" in one for one in told[FIRST, "claude-haiku-4-5"].because] == [True, False]
    assert "The ledger has nothing" in told[later, "claude-opus-4-5"].because[0]
    assert "The export has nothing" in told[later, "claude-sonnet-4-5"].because[0]
    assert not found.agrees
    page = shown(found)
    assert (page["differing"], page["total"]["difference"]) == (3, {"cost_usd": "-1.5"})
    assert page["rows"][0]["vendor"] == {"cost_usd": "1"}


def test_an_empty_export_is_compared_with_a_ledger_that_is_not() -> None:
    empty = made.anthropic_page([(FIRST, {})]).replace("{}", "")
    found = compare(read_export(empty), [spent(FIRST, "claude-haiku-4-5", "1")])
    assert not found.agrees
    assert found.rows[0].difference.input == -5


@pytest.mark.parametrize(
    ("billed", "answered"),
    [
        ("Claude Haiku 4.5", "claude-haiku-4-5-20251001"),
        ("Claude 3.5 Sonnet 2024-10-22", "claude-3-5-sonnet-20241022"),
        ("Claude Sonnet 4", "claude-sonnet-4-20250514"),
        ("claude-opus-4-0", "claude-opus-4-20250514"),
        ("gpt-4o-mini", "gpt-4o-mini-2024-07-18"),
        ("gpt-5.1", "gpt-5.1-2025-11-13"),
    ],
)
def test_a_model_is_known_by_its_several_names(billed: str, answered: str) -> None:
    label = labelling([billed], [answered])
    assert label(billed) == label(answered) == family(billed)


def test_versions_are_told_apart_where_both_sides_do() -> None:
    names = ["gpt-4o-2024-08-06", "gpt-4o-2024-11-20"]
    label = labelling(names, names[:1])
    assert [label(name) for name in names] == names
    assert family("gpt-4o") != family("gpt-4o-mini")
    assert family("ft:gpt-4o-2024-08-06:me::abc") != family("gpt-4o")
