"""Whatever is sent for a pipeline is read, or refused with places: nothing else ever comes of it."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.pipelines.importing.crewai import import_crew
from domain.pipelines.importing.dify.importing import import_dify
from domain.pipelines.problems import PipelineError
from domain.pipelines.reading import ReadPipeline, judged, read
from domain.pipelines.writing import written
from domain.yaml.writing import to_yaml
from tests.pipelines.written import definitions

WORDS = [
    *(
        "name",
        "steps",
        "inputs",
        "outputs",
        "agents",
        "defaults",
        "id",
        "kind",
        "agent",
        "map",
        "loop",
        "branch",
        "wait",
        "tool",
    ),
    *(
        "transform",
        "parallel",
        "handoff",
        "approval",
        "pipeline",
        "generate",
        "over",
        "as",
        "until",
        "max_rounds",
        "cases",
        "when",
    ),
    *(
        "needs",
        "on_error",
        "fallback",
        "retry",
        "schema",
        "output",
        "prompt",
        "{{ a.result }}",
        "{{ a",
        "a.result == 1",
        "a",
        "b",
    ),
    *(
        "members",
        "decide",
        "vote",
        "judge",
        "type",
        "object",
        "properties",
        "$ref",
        "#/$defs/a",
        "string",
        "5m",
        "value",
        "carry",
    ),
    *(
        "start",
        "next",
        "budget",
        "cost",
        "cache",
        "result",
        "item",
        "{{ item }}",
        "default",
        "enum",
        "pattern",
        "(",
        "timeout",
    ),
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([*WORDS, 10**40, -1, "NaN"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=6), inner, max_size=5)
    ),
    max_leaves=30,
)
MARKS = st.text(st.sampled_from("{}[],:-?&*!|>'\"%@` \n\t#ab01.~<\\\r\0\x85\ud800\ufeff"), max_size=60)
FEW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def judge(text: str | bytes) -> None:
    try:
        found = read(text, source="p.yaml")
    except PipelineError as error:
        refused = error
    else:
        good(found)
        return
    assert refused.errors
    for problem in refused.problems:
        str(problem).encode()
        assert problem.line is None or problem.line >= 1


def good(found: ReadPipeline) -> None:
    """It can be stored as JSON, and be written and read again."""
    json.dumps(found.plan.model_dump(mode="json"), allow_nan=False).encode()
    assert read(written(found.plan.definition), source="again").plan == found.plan


@FEW
@given(st.text())
def test_any_text(text: str) -> None:
    judge(text)


@FEW
@given(st.binary())
def test_any_bytes(text: bytes) -> None:
    judge(text)


@FEW
@given(VALUES)
def test_any_values(value: Any) -> None:
    judge(json.dumps(value))
    judge(
        json.dumps(
            {"name": "x", "steps": [{"id": "a", "kind": "agent", "prompt": "x", "output": value}], "inputs": value}
        )
    )
    judge(
        json.dumps({"name": "x", "steps": [value, {"id": "a", "kind": "transform", "value": value}], "outputs": value})
    )


@FEW
@given(definitions(), st.data())
def test_a_good_one_with_something_cut_or_put_into_it(document: dict[str, Any], data: st.DataObject) -> None:
    text = to_yaml(document)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    judge(text[:start] + data.draw(MARKS | st.sampled_from(WORDS)) + text[end:])


@FEW
@given(definitions(), VALUES, st.data())
def test_a_good_one_with_a_strange_value_in_it(document: dict[str, Any], value: Any, data: st.DataObject) -> None:
    step = data.draw(st.sampled_from(document["steps"]))
    step[data.draw(st.sampled_from([*step, *WORDS]))] = value
    judge(json.dumps(document))


FIELDS = ("variables", "cases", "outputs", "prompt_template", "model", "answer", "items", "filter_by")
NODES = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["1", "2", "3", 4, ""]),
        "data": st.fixed_dictionaries(
            {
                "type": st.sampled_from(
                    [
                        "start",
                        "llm",
                        "if-else",
                        "code",
                        "tool",
                        "answer",
                        "end",
                        "iteration",
                        "assigner",
                        "http-request",
                        "list-operator",
                        "loop",
                    ]
                )
            },
            optional=dict.fromkeys(FIELDS, VALUES),
        ),
    },
    optional={"parentId": st.sampled_from(["1", "2", "3"])},
)
EDGES = st.fixed_dictionaries(
    {
        "source": st.sampled_from("123"),
        "target": st.sampled_from("123"),
        "sourceHandle": st.sampled_from(["source", "true", "x"]),
    }
)


@FEW
@given(st.lists(NODES, min_size=1, max_size=5), st.lists(EDGES, max_size=6))
def test_any_app_is_imported_or_refused(nodes: list[Any], edges: list[Any]) -> None:
    app = {"app": {"mode": "workflow", "name": "x"}, "workflow": {"graph": {"nodes": nodes, "edges": edges}}}
    try:
        judged(import_dify(json.dumps(app), source="a.yml").document, source="a")
    except PipelineError as error:
        refused = error
    else:
        return
    assert refused.errors


@FEW
@given(VALUES, VALUES)
def test_any_crew_is_imported_or_refused(agents: Any, tasks: Any) -> None:
    try:
        judged(
            import_crew(
                json.dumps({"a": agents}), json.dumps({"t": tasks, "u": {"description": str(tasks)}}), name="x"
            ).document,
            source="c",
        )
    except PipelineError as error:
        refused = error
    else:
        return
    assert refused.errors
