"""The examples read, follow the published schema, and run to their ends by structure."""

import json
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from domain.pipelines.bounding import CallBound, CallSaid, bound
from domain.pipelines.reading import read
from domain.pipelines.versions import dumped
from domain.pipelines.writing import json_schema, written
from domain.yaml.composing import compose
from domain.yaml.nodes import plain
from tests.pipelines.walking import Walk

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.yaml") if path.stem not in ("policies", "tools"))
SCHEMA = jsonschema.Draft202012Validator(json_schema())


def text_of(name: str) -> str:
    return (ROOT / "examples" / f"{name}.yaml").read_text()


def penny(said: CallSaid) -> CallBound:
    return CallBound(1_000, 100, Decimal("0.01"))


def test_there_are_five() -> None:
    assert {"content-creation", "support-triage", "code-review", "document-extraction", "long-research"} <= set(
        EXAMPLES
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_right_in_every_way(name: str) -> None:
    found = read(text_of(name), source=name)
    assert found.warnings == ()
    node, _ = compose(text_of(name), thing="", empty="")
    assert node is not None
    SCHEMA.validate(plain(node))
    SCHEMA.validate(dumped(found.plan.definition))
    again = read(written(found.plan.definition), source="again")
    assert again.plan == found.plan
    json.dumps(found.plan.model_dump(mode="json"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_to_its_end_within_its_bound(name: str) -> None:
    plan = read(text_of(name), source=name).plan
    worst = bound(plan.definition, penny)
    walk = Walk(plan)
    outputs = walk.run()
    assert outputs.keys() == plan.definition.outputs.keys()
    assert all(value not in (None, "") for value in outputs.values())
    assert 0 < walk.calls <= worst.total.model_calls
    assert len(walk.started) <= worst.total.steps
    assert worst.total.cost == Decimal("0.01") * worst.total.model_calls


def test_content_creation_hands_on_what_was_found() -> None:
    plan = read(text_of("content-creation"), source="x").plan
    walk = Walk(
        plan,
        answer=lambda step, schema: (
            {"title": "T", "findings": ["F"], "content": "C", "score": 9} if schema and "properties" in schema else step
        ),
    )
    assert walk.run({"topic": "tea"}) == {"article": "C", "title": "T", "score": 9}
    assert walk.started == ["research", "outline", "write", "review"]
    assert walk.asked[0] == "{'topic': 'tea', 'depth': 'comprehensive'}"
    assert (
        walk.asked[1]
        == "{'research': {'title': 'T', 'findings': ['F'], 'content': 'C', 'score': 9}, 'format': 'blog post'}"
    )
    assert walk.asked[2] == "{'outline': 'outline', 'style': 'clear and friendly'}"


@pytest.mark.parametrize(
    ("urgency", "way", "ran"),
    [("high", "people", "urgent_check"), ("normal", "answer", "normal_reply"), ("low", "otherwise", "template_reply")],
    ids=["high", "normal", "low"],
)
def test_support_goes_by_urgency(urgency: str, way: str, ran: str) -> None:
    plan = read(text_of("support-triage"), source="x").plan
    answers = {"triage": {"urgency": urgency, "topic": "billing", "summary": "s"}}
    walk = Walk(plan, answer=lambda step, schema: answers.get(step, f"said by {step}"))
    outputs = walk.run({"message": "help"})
    assert (outputs["urgency"], outputs["way"]) == (urgency, way)
    assert walk.started[-1] == ran
    assert outputs["reply"]


def test_support_that_cannot_be_sorted_is_taken_for_urgent() -> None:
    plan = read(text_of("support-triage"), source="x").plan
    walk = Walk(plan, failing=frozenset({"triage"}))
    assert walk.run({"message": "help"})["urgency"] == "high"
    assert walk.started[:3] == ["triage", "unsorted", "route"]


def test_research_goes_on_until_the_critic_is_content() -> None:
    plan = read(text_of("long-research"), source="x").plan
    scores = iter([3.0, 5.0, 8.5, 9.0])

    def answer(step: str, schema: object) -> object:
        match step:
            case "plan":
                return {"questions": ["a", "b"]}
            case "critique":
                return {"score": next(scores), "missing": ["c"]}
            case _:
                return f"by {step}"

    walk = Walk(plan, answer=answer)
    outputs = walk.run({"question": "what is tea?"})
    assert (outputs["rounds"], outputs["complete"]) == (3, True)
    # Two questions in the first round, then what the critic missed.
    assert walk.started.count("look") == 4
