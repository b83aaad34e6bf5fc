"""Every documented shape is recognised by itself and read to the last digit; what is wrong is named by its place."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ErrorKind, PerdureError
from contracts.reconciling import TOOLS, Figures
from domain.reconciling.export import Export
from domain.reconciling.reading import read_export
from tests.unit.domain.reconciling import exports as made
from tests.unit.domain.reconciling.exports import Spent, Used

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
USED = (
    Used(FIRST, "gpt-5-mini-2025-08-07", 3, uncached=700, read=300, output=90),
    Used(SECOND, "gpt-5-mini-2025-08-07", 1, uncached=10, output=0),
)
CLAUDE = (
    Used(
        FIRST, "claude-haiku-4-5-20251001", uncached=700, read=300, written_5m=20, written_1h=4, output=90, searches=2
    ),
)

OPENAI_USAGE = {"JSON": made.openai_usage_json, "CSV": made.openai_usage_csv}
ANTHROPIC_USAGE = {"JSON": made.anthropic_usage_json, "CSV": made.anthropic_usage_csv}


@pytest.mark.parametrize("form", OPENAI_USAGE)
def test_openai_usage(form: str) -> None:
    export = read_export(OPENAI_USAGE[form](USED))
    assert (export.vendor, export.kind, export.shape) == ("openai", "usage", f"OpenAI usage, {form}")
    assert (export.begins, export.ends) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))
    written = 0 if form == "JSON" else None
    assert [(line.day, line.model, line.figures) for line in export.lines] == [
        (FIRST, USED[0].model, Figures(3, 1000, 300, written, 90)),
        (SECOND, USED[0].model, Figures(1, 10, 0, written, 0)),
    ]


@pytest.mark.parametrize("form", ANTHROPIC_USAGE)
def test_anthropic_usage(form: str) -> None:
    export = read_export(ANTHROPIC_USAGE[form](CLAUDE))
    assert (export.vendor, export.kind, export.shape) == ("anthropic", "usage", f"Anthropic usage, {form}")
    (line,) = export.lines
    assert (line.day, line.model) == (FIRST, CLAUDE[0].model)
    assert line.figures == Figures(None, 1024, 300, 24, 90, 2)


COSTS: dict[str, tuple[Callable[[Sequence[Spent]], str], str, str]] = {
    "OpenAI costs, JSON": (made.openai_costs_json, "gpt-5-mini-2025-08-07, input", "web search tool calls"),
    "OpenAI costs, CSV": (made.openai_costs_csv, "gpt-5-mini-2025-08-07, output", "web search tool calls"),
    "Anthropic costs, JSON": (made.anthropic_costs_json, "claude-haiku-4-5-20251001", "web search"),
    "Anthropic costs, CSV": (made.anthropic_costs_csv, "Claude Haiku 4.5", "web search"),
}


@pytest.mark.parametrize("shape", COSTS)
def test_costs(shape: str) -> None:
    make, model, tool = COSTS[shape]
    export = read_export(make([Spent(FIRST, model, Decimal("1.23")), Spent(FIRST, tool, Decimal("0.05"))]))
    assert (export.shape, export.kind) == (shape, "costs")
    assert [(line.model, line.figures) for line in export.lines] == [
        (model.partition(",")[0], Figures(cost=Decimal("1.23"))),
        (TOOLS, Figures(cost=Decimal("0.05"))),
    ]
    assert export.rounded_to == (Decimal("0.01") if shape == "Anthropic costs, CSV" else 0)


def test_amounts_are_exact() -> None:
    cents = made.anthropic_costs_json([Spent(FIRST, "claude-haiku-4-5", Decimal("0.0000000000000000012345"))])
    assert read_export(cents).lines[0].figures.cost == Decimal("0.0000000000000000012345")
    written = made.openai_costs_json([Spent(FIRST, None, Decimal(1))]).replace("1.0", "0.1234567890123456789012345")
    assert read_export(written).lines[0].figures.cost == Decimal("0.1234567890123456789012345")


def test_days_without_use_are_covered_and_say_nothing() -> None:
    rows = ["1772323200,1772409600,2026-03-01T00:00:00+00:00,2026-03-02T00:00:00+00:00" + "," * 11]
    export = read_export("\ufeff" + made.OPENAI_USAGE_COLUMNS + "\n" + "\n".join(rows) + "\n")
    assert (export.lines, export.begins) == ((), datetime(2026, 3, 1, tzinfo=UTC))
    tabs = made.openai_costs_csv([Spent(FIRST, None, Decimal(2))]).replace(",", "\t")
    assert read_export(tabs).lines[0].figures.cost == 2


def test_several_pages_and_what_is_not_compared() -> None:
    first = json.loads(made.openai_usage_json(USED[:1]))
    images = {
        "object": "organization.usage.images.result",
        "images": 3,
        "num_model_requests": 3,
        "model": "gpt-image-1",
    }
    second = json.loads(made.openai_page([(SECOND, images)], has_more=True))
    export = read_export(json.dumps([first, second]))
    assert len(export.lines) == 1
    assert export.ends == datetime(2026, 3, 3, tzinfo=UTC)
    assert len(export.notes) == 2
    assert "has_more" in export.notes[0]
    assert export.notes[1] == "1 results of images are not compared."


def refused(text: str) -> PerdureError:
    with pytest.raises(PerdureError) as caught:
        read_export(text)
    assert caught.value.kind is ErrorKind.INVALID_REQUEST
    return caught.value


def cell(text: str) -> tuple[str | None, str | None]:
    detail = refused(text).detail
    return detail.get("row"), detail.get("column")


def test_a_table_of_the_wrong_shape_says_the_row_and_column() -> None:
    usage = made.openai_usage_csv(USED)
    assert cell(usage.replace(",1000,", ",many,")) == ("2", "input_tokens")
    assert cell(usage.replace(",10,0,", ",10,-1,")) == ("3", "output_tokens")
    assert cell(usage.replace(",10,0,", ",1.5,0,")) == ("3", "input_tokens")
    assert cell(usage.replace("1772409600", "1872409600", 1)) == ("2", "end_time")
    assert cell(usage.replace("output_tokens,", "given_tokens,")) == ("1", "output_tokens")
    assert cell(usage.replace("proj_1,", "", 1)) == ("2", "input_uncached_tokens")
    assert cell(usage.replace("batch", "model")) == ("1", "model")
    costs = made.openai_costs_csv([Spent(FIRST, None, Decimal(1))])
    assert cell(costs.replace(",usd,", ",eur,")) == ("2", "amount_currency")
    assert cell(costs.replace(",1.000000000000000000000000000000,", ",NaN,")) == ("2", "amount_value")
    claude = made.anthropic_usage_csv(CLAUDE)
    assert cell(claude.replace("2026-03-01", "01.03.2026")) == ("2", "usage_date_utc")
    assert cell(claude.replace("_cache_write_5m", "_a").replace("_cache_write_1h", "_b")) == (
        "1",
        "usage_input_tokens_cache_write_5m",
    )
    assert cell(made.anthropic_costs_csv([Spent(FIRST, "Claude", Decimal(1))]).replace(",1.00,", ",$1,", 1)) == (
        "2",
        "cost_usd",
    )


def test_json_of_the_wrong_shape_says_the_place() -> None:
    usage = made.openai_usage_json(USED)
    places = {
        usage.replace('"input_tokens": 1000', '"input_tokens": null'): "data.0.results.0.input_tokens",
        usage.replace('"input_tokens": 10,', ""): "data.1.results.0.input_tokens",
        usage.replace('"end_time": 1772409600', '"end_time": 1772509600'): "data.0.end_time",
        usage.replace('"start_time": 1772323200', '"start_time": 1e99'): "data.0.start_time",
        made.openai_page([(FIRST, {"object": "organization.costs.result", "amount": {"value": True}})]): (
            "data.0.results.0.amount.value"
        ),
        made.anthropic_usage_json(CLAUDE).replace("2026-03-01T00:00:00Z", "yesterday"): "data.0.starting_at",
        made.anthropic_costs_json([Spent(FIRST, "m", Decimal(1))]).replace(
            '"USD"', '"EUR"'
        ): "data.0.results.0.currency",
        '{"data": {}}': "data",
        '{"data": [3]}': "data.0",
        "[3]": "0",
        '{"data": [': "line 1, column 11",
    }
    assert {refused(text).detail.get("place") for text in places} == set(places.values())
    for text, place in places.items():
        assert refused(text).detail == {"place": place}


@pytest.mark.parametrize(
    "text", ["", "  \n", "hello", "a,b\n1,2\n", "{}", '{"data": [{}]}', "[" * 100_000, '{"data": NaN}']
)
def test_what_is_no_export_is_refused(text: str) -> None:
    refused(text)


@given(st.text() | st.text(alphabet='{}[]",:\n0123456789.eE-+atdresulstime_openaiusagecostmodel \x00'))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found: Export | PerdureError = read_export(text)
    except PerdureError as error:
        found = error
    assert isinstance(found, Export) or found.kind is ErrorKind.INVALID_REQUEST
