"""What others' definitions become here."""

from typing import Any

import pytest
import yaml

from domain.pipelines.importing.crewai import import_crew
from domain.pipelines.importing.dify.importing import import_dify
from domain.pipelines.importing.imported import Imported
from domain.pipelines.problems import PipelineError
from domain.pipelines.reading import judged
from tests.pipelines.walking import Walk

AGENTS = """
researcher: {role: "Researcher of {topic}\\n", goal: Find out, backstory: "You use {% braces %}", llm: openai/gpt-4o, max_iter: 3}
writer: {role: Writer, goal: Write, allow_delegation: true, tools: [search]}
"""
TASKS = """
find:
  description: "Find out about {topic} in {year}. Answer as {\\"a\\": 1}"
  expected_output: A list
  agent: researcher
  human_input: true
write: {description: Write of what was found, expected_output: A text, agent: writer, output_file: x.md}
check: {description: Check it, agent: writer, context: [find]}
"""


def walked(imported: Imported, **given: Any) -> tuple[dict[str, Any], Walk]:
    walk = Walk(judged(imported.document, source="x"))
    return walk.run(given), walk


def test_a_crew_becomes_steps_that_see_what_came_before() -> None:
    imported = import_crew(AGENTS, TASKS, name="a {crew}")
    plan = judged(imported.document, source="x")
    assert plan.definition.name == "a crew"
    assert list(plan.definition.inputs) == ["topic", "year"]
    steps = {one.id: one for one in plan.body.steps}
    assert [one.kind for one in plan.body.steps] == ["agent", "approval", "agent", "agent"]
    assert steps["write"].needs == ("find_agreed",)
    assert steps["check"].needs == ("find_agreed",)
    assert plan.definition.agents["researcher"].model == "openai:gpt-4o"
    assert plan.definition.agents["researcher"].max_steps == 3
    outputs, walk = walked(imported, topic="tea", year="2026")
    assert outputs == {"result": "text 0"}
    assert walk.asked[0] == 'Find out about tea in 2026. Answer as {"a": 1}\n\nWhat is expected:\nA list'
    assert [str(note) for note in imported.notes] == [
        "writer: its tools (search) have to be registered under these names",
        "writer: not carried: allow_delegation",
        "write: not carried: output_file",
    ]


def test_a_crew_may_be_asked_of_one_model() -> None:
    imported = import_crew(AGENTS, TASKS, name="x", model="sim:sim-fast")
    assert imported.document["defaults"] == {"model": "sim:sim-fast"}
    assert "model" not in imported.document["agents"]["researcher"]


@pytest.mark.parametrize("tasks", ["", "[1]", "a: [", "x: 5"])
def test_what_is_no_crew_is_refused(tasks: str) -> None:
    with pytest.raises(PipelineError):
        judged(import_crew(AGENTS, tasks, name="x").document, source="x")


def node(name: str, kind: str, parent: str | None = None, **data: Any) -> dict[str, Any]:
    return {
        "id": name,
        "data": {"type": kind, "title": f"{kind} {name}", **data},
        **({"parentId": parent} if parent else {}),
    }


def app(nodes: list[dict[str, Any]], edges: list[str], mode: str = "workflow", **more: Any) -> str:
    """An app; an edge is written `source>target` or `source:way>target`."""
    said = []
    for edge in edges:
        source, target = edge.split(">")
        name, _, way = source.partition(":")
        said.append({"source": name, "sourceHandle": way or "source", "target": target})
    return yaml.safe_dump(
        {"app": {"name": "n", "mode": mode}, "workflow": {"graph": {"nodes": nodes, "edges": said}, **more}}
    )


START = node(
    "1",
    "start",
    variables=[{"variable": "count", "type": "number", "required": True}, {"variable": "word", "type": "text-input"}],
)


def condition(operator: str, value: Any, selector: list[str], kind: str = "string") -> dict[str, Any]:
    return {"comparison_operator": operator, "value": value, "variable_selector": selector, "varType": kind}


BRANCHED = app(
    [
        START,
        node(
            "2", "if-else", cases=[{"case_id": "true", "conditions": [condition("≥", "3", ["1", "count"], "number")]}]
        ),
        node("3", "llm", prompt_template=[{"role": "user", "text": "many {{#1.count#}} {{ not ours }}"}]),
        node(
            "4",
            "template-transform",
            template="few {{ w }}",
            variables=[{"variable": "w", "value_selector": ["1", "word"]}],
        ),
        node("5", "variable-aggregator", variables=[["3", "text"], ["4", "output"]]),
        node("6", "end", outputs=[{"variable": "said", "value_selector": ["5", "output"]}]),
    ],
    ["1>2", "2:true>3", "2:false>4", "3>5", "4>5", "5>6"],
)


@pytest.mark.parametrize(
    ("count", "said", "ran"), [(5, "text 0", "llm_3"), (1, "few tea", "template_transform_4")], ids=["many", "few"]
)
def test_an_apps_branches_go_their_ways_and_meet_again(count: int, said: str, ran: str) -> None:
    outputs, walk = walked(import_dify(BRANCHED, source="x"), count=count, word="tea")
    assert outputs == {"said": said}
    assert walk.started == ["if_else_2", ran, "variable_aggregator_5", "end_6"]
    if count == 5:
        assert walk.asked[0] == "many 5 {{ not ours }}"


def test_what_follows_a_way_not_taken_is_skipped_however_far() -> None:
    text = app(
        [
            START,
            node("2", "if-else", cases=[{"case_id": "true", "conditions": [condition("is", "a", ["1", "word"])]}]),
            node("3", "llm", prompt_template=[{"role": "user", "text": "x"}]),
            # It reads what has run for certain, and is behind the way that is not taken all the same.
            node("4", "llm", prompt_template=[{"role": "user", "text": "{{#1.word#}}{{#3.text#}}"}]),
            node("5", "end", outputs=[{"variable": "o", "value_selector": ["4", "text"]}]),
        ],
        ["1>2", "2:true>3", "3>4", "4>5"],
    )
    outputs, walk = walked(import_dify(text, source="x"), count=1, word="b")
    assert walk.started == ["if_else_2"]
    assert outputs == {"o": None}
    outputs, walk = walked(import_dify(text, source="x"), count=1, word="a")
    assert outputs == {"o": "text 0"}


def test_what_a_conversation_keeps_goes_in_and_out() -> None:
    text = app(
        [
            node("1", "start"),
            node(
                "2",
                "if-else",
                cases=[{"case_id": "true", "conditions": [condition("empty", "", ["conversation", "lang"])]}],
            ),
            node(
                "3",
                "assigner",
                items=[
                    {
                        "variable_selector": ["conversation", "lang"],
                        "value": ["sys", "query"],
                        "operation": "over-write",
                    }
                ],
            ),
            node("4", "answer", answer="in {{#conversation.lang#}}"),
            node("5", "answer", answer="still {{#conversation.lang#}}"),
        ],
        ["1>2", "2:true>3", "3>4", "2:false>5"],
        mode="advanced-chat",
        conversation_variables=[{"name": "lang", "value_type": "string", "value": ""}],
    )
    first, _ = walked(import_dify(text, source="x"), query="tea")
    assert first == {"answer": "in tea", "conversation_lang": "tea"}
    second, _ = walked(import_dify(text, source="x"), query="more", conversation_lang="tea")
    assert second == {"answer": "still tea", "conversation_lang": "tea"}


def test_an_iteration_is_a_map_and_gives_what_its_selector_names() -> None:
    text = app(
        [
            START,
            node("2", "code", code="def main(): ...", outputs={"items": {"type": "array[string]"}}, variables=[]),
            node(
                "3",
                "iteration",
                iterator_selector=["2", "items"],
                output_selector=["4", "output"],
                error_handle_mode="remove-abnormal-output",
            ),
            node(
                "4",
                "template-transform",
                "3",
                template="<{{ i }}>",
                variables=[{"variable": "i", "value_selector": ["3", "item"]}],
            ),
            node("5", "end", outputs=[{"variable": "o", "value_selector": ["3", "output"]}]),
        ],
        ["1>2", "2>3", "3>5"],
    )
    imported = import_dify(text, source="x")
    outputs, _ = walked(imported, count=1)
    assert outputs == {"o": ["<text 0>", "<text 1>"]}
    assert [note.where for note in imported.notes] == ["code 2"]
    assert "is not run" in imported.notes[0].message


def test_a_classifier_says_where_control_goes() -> None:
    text = app(
        [
            START,
            node(
                "2",
                "question-classifier",
                classes=[{"id": "x1", "name": "bills"}, {"id": "x2", "name": "rest"}],
                query_variable_selector=["1", "word"],
            ),
            node(
                "3",
                "http-request",
                method="post",
                url="https://a.b/{{#1.word#}}",
                headers="X-A: 1\nX-B:{{#1.word#}}",
                body={"type": "json", "data": "{}"},
            ),
            node("4", "knowledge-retrieval", query_variable_selector=["1", "word"], dataset_ids=["d"]),
            node("5", "mystery"),
        ],
        ["1>2", "2:x1>3", "2:x2>4", "4>5"],
    )
    imported = import_dify(text, source="x")
    _, walk = walked(imported, count=1)
    assert walk.started == ["question_classifier_2", "http_request_3"]
    steps = {step["id"]: step for step in imported.document["steps"]}
    assert steps["http_request_3"]["arguments"] == {
        "method": "POST",
        "url": "https://a.b/{{ word }}",
        "headers": {"X-A": "1", "X-B": "{{ word }}"},
        "body": "{}",
    }
    assert steps["knowledge_retrieval_4"]["arguments"] == {"query": "{{ word }}", "collections": ["d"]}
    assert any("'mystery' has no meaning" in note.message for note in imported.notes)


@pytest.mark.parametrize("text", ["", "app: {mode: chat}", "workflow: {graph: {nodes: []}}", "[1]", "app: ["])
def test_what_is_no_workflow_is_refused(text: str) -> None:
    with pytest.raises(PipelineError):
        import_dify(text, source="x.yml")
