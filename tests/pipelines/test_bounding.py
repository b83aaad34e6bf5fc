"""The worst that each kind of step comes to."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from contracts.models import ModelRef
from domain.pipelines.bounding import Bound, CallBound, CallSaid, bound
from domain.pipelines.call_prices import ASSUMED_WINDOW, listed_call_prices
from domain.pipelines.knowing import Known
from domain.pipelines.reading import read

HEAD = "name: t\ninputs: {few: {type: array, maxItems: 4}, many: array}\ndefaults: {max_steps: 3}\nsteps:\n"
ASK = "kind: agent, prompt: x"


def penny(said: CallSaid) -> CallBound:
    return CallBound(1_000, 100, Decimal("0.01"))


def worst(steps: str, **more: object) -> Bound:
    return bound(read(HEAD + steps, source="t").plan.definition, penny, **more).total  # type: ignore[arg-type]


CALLS = {
    "agent": (f"- {{id: s, {ASK}}}", 1, 3),
    "agent's own steps": (f"- {{id: s, {ASK}, max_steps: 7}}", 1, 7),
    "retried": (f"- {{id: s, {ASK}, retry: {{attempts: 2}}}}", 2, 6),
    "generate": ("- {id: s, kind: generate, prompt: x, schema: {}, attempts: 2, samples: 5}", 1, 10),
    "map by its most": (
        f"- {{id: m, kind: map, over: '{{{{ many }}}}', max_items: 10, steps: [{{id: s, {ASK}}}]}}",
        11,
        30,
    ),
    "map over a list": (f"- {{id: m, kind: map, over: [1, 2], steps: [{{id: s, {ASK}}}]}}", 3, 6),
    "map over an input with a most": (
        f"- {{id: m, kind: map, over: '{{{{ few }}}}', steps: [{{id: s, {ASK}}}]}}",
        5,
        12,
    ),
    "loop": (f"- {{id: l, kind: loop, until: round > 9, max_rounds: 4, steps: [{{id: s, {ASK}}}]}}", 5, 12),
    "dearest branch": (
        f"- {{id: b, kind: branch, cases: [{{name: x, when: size(few) > 1, steps: [{{id: s, {ASK}}}]}}], "
        f"otherwise: {{steps: [{{id: q, {ASK}}}, {{id: r, {ASK}}}]}}}}",
        3,
        6,
    ),
    "fallback": (f"- {{id: s, {ASK}, on_error: {{fallback: f}}}}\n- {{id: f, {ASK}}}", 2, 6),
    "panel with a judge": (
        "- {id: p, kind: parallel, prompt: x, members: [{name: a}, {name: b}], decide: {judge: {max_steps: 1}}}",
        1,
        7,
    ),
    "handoff": ("- {id: h, kind: handoff, start: a, max_handoffs: 2, agents: {a: {}, b: {max_steps: 5}}}", 1, 15),
    "no model": ("- {id: s, kind: transform, value: 1}\n- {id: w, kind: wait, duration: 1d}", 2, 0),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_step_comes_to(name: str) -> None:
    text, steps, calls = CALLS[name]
    found = worst(text)
    assert (found.steps, found.model_calls) == (steps, calls)
    assert found.cost == calls * Decimal("0.01")
    assert found.input_tokens == calls * 1_000
    assert found.proven


def test_budgets_hold_it_down() -> None:
    text = HEAD.replace("steps:\n", "budget: {cost: 0.05}\nsteps:\n") + (
        f"- {{id: m, kind: map, over: '{{{{ many }}}}', max_items: 100, budget: {{cost: 0.02}}, steps: [{{id: s, {ASK}}}]}}\n"
        f"- {{id: a, {ASK}}}\n- {{id: b, {ASK}}}"
    )
    found = bound(read(text, source="t").plan.definition, penny)
    assert found.steps["m"].cost == Decimal("0.02")
    assert found.total.cost == Decimal("0.08")
    assert found.capped.cost == Decimal("0.05")


def test_what_has_no_price_is_told_unless_a_budget_holds_it() -> None:
    def unpriced(said: CallSaid) -> CallBound:
        return CallBound(10, 10, None)

    definition = read(HEAD + f"- {{id: a, {ASK}, model: 'x:y'}}", source="t").plan.definition
    assert bound(definition, unpriced).total.unpriced == {"x:y"}
    capped = read(
        HEAD.replace("steps:\n", "budget: {cost: 1}\nsteps:\n") + f"- {{id: a, {ASK}}}", source="t"
    ).plan.definition
    assert bound(capped, unpriced).capped.proven
    assert bound(capped, unpriced).capped.cost == 1


def test_another_pipeline_counts_as_it_is_known() -> None:
    other = read(f"name: other\nsteps: [{{id: s, {ASK}, max_steps: 4}}]", source="o").plan.definition
    again = read("name: again\nsteps: [{id: p, kind: pipeline, pipeline: t}]", source="o").plan.definition
    known = Known(pipeline={"other": other, "again": again}.get)
    assert worst("- {id: p, kind: pipeline, pipeline: other}", known=known).model_calls == 4
    assert worst("- {id: p, kind: pipeline, pipeline: other}").unknown == {"other"}
    # What leads back to where it began has no bound.
    assert worst("- {id: p, kind: pipeline, pipeline: again}", known=known).unknown == {"t"}


def test_calls_are_priced_by_the_list_over_all_that_may_answer() -> None:
    models = {
        "auto": (ModelRef(provider="openai", model="gpt-4o"), ModelRef(provider="openai", model="gpt-4o-mini")),
        "cheap": (ModelRef(provider="openai", model="gpt-4o-mini"),),
        "odd": (ModelRef(provider="nobody", model="nothing"),),
    }
    price = listed_call_prices(lambda name: models.get(name, ()), at=datetime(2026, 6, 1, tzinfo=UTC))
    cheap = price(CallSaid(("cheap",), 1_000, 1_000)).cost
    any_of_them = price(CallSaid((), 1_000, 1_000)).cost
    assert cheap is not None
    assert any_of_them is not None
    assert 0 < cheap < any_of_them
    assert price(CallSaid(("cheap", "auto"), 1_000, 1_000)).cost == any_of_them
    unlimited = price(CallSaid(("cheap",), None, None))
    assert unlimited.input_tokens == unlimited.output_tokens == 128_000
    assert price(CallSaid(("odd", "cheap"), None, None)).cost is None
    assert price(CallSaid(("nowhere",), None, None)) == CallBound(ASSUMED_WINDOW, ASSUMED_WINDOW, None)


def test_who_is_asked_is_said_nearest_first() -> None:
    seen: list[CallSaid] = []

    def noting(said: CallSaid) -> CallBound:
        seen.append(said)
        return penny(said)

    text = (
        "name: t\ndefaults: {model: a, fallback_models: [b], max_output_tokens: 5}\n"
        "agents: {x: {model: c, max_output_tokens: 7}}\n"
        f"steps:\n- {{id: s, {ASK}}}\n- {{id: u, {ASK}, agent: x}}\n- {{id: v, {ASK}, agent: x, model: d, fallback_models: [e]}}"
    )
    bound(read(text, source="t").plan.definition, noting)
    assert seen == [CallSaid(("a", "b"), None, 5), CallSaid(("c",), None, 7), CallSaid(("d", "e"), None, 7)]
