"""What holds of every definition."""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.pipelines.definition import Pipeline
from contracts.pipelines.plan import PipelinePlan, PlannedBody, PlannedStep
from domain.pipelines.bounding import CallBound, CallSaid, bound
from domain.pipelines.problems import PipelineError
from domain.pipelines.reading import judged, read
from domain.pipelines.versions import dumped, version_of
from domain.pipelines.writing import json_schema, written
from domain.yaml.writing import to_yaml
from tests.pipelines.walking import FailedError, Walk
from tests.pipelines.written import definitions

SLOW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
SCHEMA = jsonschema.Draft202012Validator(json_schema())


def penny(said: CallSaid) -> CallBound:
    return CallBound(100, 10, Decimal("0.01"))


def bodies(body: PlannedBody) -> Iterator[PlannedBody]:
    yield body
    for step in body.steps:
        for inner in step.bodies:
            yield from bodies(inner)


@SLOW
@given(definitions())
def test_it_is_read_written_and_read_again_alike(document: dict[str, Any]) -> None:
    plan = judged(document, source="x")
    SCHEMA.validate(document)
    again = read(written(plan.definition), source="again").plan
    assert again == plan
    assert version_of(Pipeline.model_validate(dumped(plan.definition))) == plan.version
    # As a workflow's history would hold it.
    assert PipelinePlan.model_validate_json(plan.model_dump_json()) == plan


@SLOW
@given(definitions(), st.integers(), st.data())
def test_it_runs_in_an_order_that_respects_needs_and_within_its_bound(
    document: dict[str, Any], seed: int, data: st.DataObject
) -> None:
    plan = judged(document, source="x")
    ids = [step.id for body in bodies(plan.body) for step in body.steps]
    failing = frozenset(data.draw(st.lists(st.sampled_from(ids), max_size=2)))
    worst = bound(plan.definition, penny).total
    results: list[Any] = []
    for shuffle in (random.Random(seed), random.Random(seed + 1)):
        walk = Walk(plan, failing=failing, shuffle=shuffle)
        try:
            results.append(walk.run({"topic": "tea"}))
        except FailedError:
            results.append("failed")
        assert walk.calls <= worst.model_calls
        assert len(walk.started) <= worst.steps
        for body in bodies(plan.body):
            if body is plan.body:
                _in_order(body.steps, walk.started)
    assert results[0] == results[1]


def _in_order(steps: tuple[PlannedStep, ...], started: list[str]) -> None:
    for step in steps:
        for need in step.needs:
            if step.id in started and need in started:
                assert started.index(need) < started.index(step.id)


@SLOW
@given(definitions(), st.data())
def test_a_reference_back_makes_a_cycle_and_is_told_as_one(document: dict[str, Any], data: st.DataObject) -> None:
    plan = judged(document, source="x")
    waits = {step.id: set(step.needs) for step in plan.body.steps}
    later = [(one, need) for one, needs in waits.items() for need in needs]
    if not later:
        return
    reader, read_from = data.draw(st.sampled_from(sorted(later)))
    for step in document["steps"]:
        if step["id"] == read_from:
            step["needs"] = [*step.get("needs", ()), reader]
    with pytest.raises(PipelineError) as raised:
        judged(document, source="x")
    assert any("wait for each other" in one.message for one in raised.value.errors)


@SLOW
@given(definitions(), st.randoms())
def test_a_version_is_of_the_meaning(document: dict[str, Any], shuffled: random.Random) -> None:
    plan = judged(document, source="x")
    names = list(document)
    shuffled.shuffle(names)
    other = {name: document[name] for name in names} | {"version": 1}
    other["steps"] = [dict(sorted(step.items(), reverse=True)) for step in document["steps"]]
    assert read(to_yaml(other), source="y").plan.version == plan.version
    changed = {**document, "description": "another"}
    assert judged(changed, source="x").version != plan.version


@SLOW
@given(definitions(), st.integers(1, 5), st.decimals("0", "0.2", places=3))
def test_a_bound_grows_with_attempts_and_stays_under_a_budget(
    document: dict[str, Any], attempts: int, limit: Decimal
) -> None:
    plan = judged(document, source="x")
    once = bound(plan.definition, penny)
    more = bound(plan.definition, penny, paid_attempts=attempts)
    assert more.total.cost == once.total.cost * attempts
    assert once.total.cost == Decimal("0.01") * once.total.model_calls
    capped = judged({**document, "budget": {"cost": str(limit)}}, source="x")
    assert bound(capped.definition, penny).capped.cost == min(limit, once.total.cost)
