"""What is wrong with a definition is told at once, each with its place and what was perhaps meant."""

import pytest

from domain.pipelines.knowing import Known, KnownTool
from domain.pipelines.problems import PipelineError, PipelineProblem
from domain.pipelines.reading import judged, read

HEAD = "name: t\ninputs: {topic: string, many: {type: array, items: {type: object, properties: {a: {type: integer}}}}}\nsteps:\n"
"""Three lines; steps begin on the fourth."""


def problems(text: str, known: Known | None = None) -> tuple[PipelineProblem, ...]:
    with pytest.raises(PipelineError) as raised:
        read(text, source="p.yaml", known=known or Known())
    return raised.value.errors


FAULTS = {
    "near name": ("- {id: s, kind: agent, prompt: '{{ topik }}'}", "steps.0.prompt", "Did you mean topic?"),
    "unknown kind": ("- {id: s, kind: agnet, prompt: x}", "steps.0.kind", "Did you mean agent"),
    "no kind": ("- {id: s, prompt: x}", "steps.0", "'kind' is missing"),
    "unknown field": ("- {id: s, kind: agent, promt: x}", "steps.0.promt", "Did you mean prompt?"),
    "whole step": (
        "- {id: a, kind: agent, prompt: x}\n- {id: s, kind: agent, prompt: '{{ a }}'}",
        "steps.1.prompt",
        "a.result",
    ),
    "field of a step": (
        "- {id: a, kind: agent, prompt: x}\n- {id: s, kind: agent, prompt: '{{ a.title }}'}",
        "steps.1.prompt",
        "Did you mean a.result.title?",
    ),
    "field of text": (
        "- {id: a, kind: agent, prompt: x}\n- {id: s, kind: agent, prompt: '{{ a.result.title }}'}",
        "steps.1.prompt",
        "Give 'a' an `output` schema",
    ),
    "field that a schema has not": (
        "- {id: a, kind: generate, prompt: x, schema: {type: object, properties: {title: {type: string}}}}\n"
        "- {id: s, kind: agent, prompt: '{{ a.result.titel }}'}",
        "steps.1.prompt",
        "Did you mean title?",
    ),
    "field of an item": (
        "- {id: m, kind: map, over: '{{ many }}', steps: [{id: s, kind: transform, value: '{{ item.b }}'}]}",
        "steps.0.steps.0.value",
        "no field 'b'",
    ),
    "map over text": (
        "- {id: m, kind: map, over: '{{ topic }}', steps: [{id: s, kind: transform, value: x}]}",
        "steps.0.over",
        "a list is wanted",
    ),
    "inner from outside": (
        "- {id: m, kind: map, over: [1], steps: [{id: s, kind: transform, value: x}]}\n"
        "- {id: o, kind: agent, prompt: '{{ s.result }}'}",
        "steps.1.prompt",
        "refer to m.result",
    ),
    "itself": ("- {id: s, kind: agent, prompt: '{{ s.result }}'}", "steps.0.prompt", "refers to itself"),
    "container from within": (
        "- {id: m, kind: map, over: [1], steps: [{id: s, kind: transform, value: '{{ m.result }}'}]}",
        "steps.0.steps.0.value",
        "not finished while its own steps run",
    ),
    "cycle": (
        "- {id: a, kind: agent, prompt: '{{ b.result }}'}\n- {id: b, kind: agent, prompt: '{{ c.result }}'}\n"
        "- {id: c, kind: agent, prompt: '{{ a.result }}'}",
        "steps.0.id",
        "a -> c -> b -> a",
    ),
    "cycle by needs": (
        "- {id: a, kind: agent, prompt: x, needs: [b]}\n- {id: b, kind: agent, prompt: x, needs: [a]}",
        "steps.0.id",
        "wait for each other",
    ),
    "unknown need": (
        "- {id: abc, kind: agent, prompt: x}\n- {id: b, kind: agent, prompt: x, needs: [abd]}",
        "steps.1.needs.0",
        "mean abc?",
    ),
    "unbounded loop": (
        "- {id: l, kind: loop, until: s.result == 'x', steps: [{id: s, kind: agent, prompt: x}]}",
        "steps.0.max_rounds",
        "a loop is bounded",
    ),
    "loop that nothing ends": (
        "- {id: l, kind: loop, until: topic == 'x', max_rounds: 3, steps: [{id: s, kind: agent, prompt: x}]}",
        "steps.0.until",
        "nothing that this reads changes",
    ),
    "never runs": ("- {id: s, kind: agent, prompt: x, when: 1 > 2}", "steps.0.when", "never runs"),
    "case never reached": (
        "- {id: b, kind: branch, cases: [{name: x, when: 'true'}, {name: y, when: topic == 'a'}]}",
        "steps.0.cases.1",
        "never reached",
    ),
    "agent that nobody hands to": (
        "- {id: h, kind: handoff, start: a, agents: {a: {prompt: x, to: [b]}, b: {prompt: x, to: [a]}, c: {prompt: x}}}",
        "steps.0.agents.c",
        "nobody hands over to 'c'",
    ),
    "not boolean": ("- {id: s, kind: agent, prompt: x, when: topic}", "steps.0.when", "compare it with something"),
    "words of Python": (
        "- {id: s, kind: agent, prompt: x, when: topic == 'a' and true}",
        "steps.0.when",
        "write && for and",
    ),
    "unknown function": (
        "- {id: s, kind: agent, prompt: x, when: lenght(topic) > 1}",
        "steps.0.when",
        "no function 'lenght'",
    ),
    "unknown filter": ("- {id: s, kind: agent, prompt: '{{ topic | uper }}'}", "steps.0.prompt", "Did you mean upper?"),
    "broken template": ("- {id: s, kind: agent, prompt: '{{ topic'}", "steps.0.prompt", "not a template"),
    "include": ("- {id: s, kind: agent, prompt: '{% include \"x\" %}'}", "steps.0.prompt", "is not taken here"),
    "twice": ("- {id: s, kind: agent, prompt: x}\n- {id: s, kind: agent, prompt: x}", "steps.1.id", "used twice"),
    "hyphen": ("- {id: a-b, kind: agent, prompt: x}", "steps.0.id", "should match pattern"),
    "reserved": ("- {id: run, kind: agent, prompt: x}", "steps.0.id", "means something"),
    "input's name": ("- {id: topic, kind: agent, prompt: x}", "steps.0.id", "is an input already"),
    "no schema": (
        "- {id: s, kind: generate, prompt: x, schema: {type: strnig}}",
        "steps.0.schema.type",
        "not a JSON Schema",
    ),
    "foreign schema": (
        "- {id: s, kind: generate, prompt: x, schema: {$ref: 'http://a/b'}}",
        "steps.0.schema.$ref",
        "refers only to itself",
    ),
    "two ways to wait": ("- {id: s, kind: wait, duration: 5m, event: x}", "steps.0", "exactly one of"),
    "duration": ("- {id: s, kind: wait, duration: 5 minutes}", "steps.0.duration", "as in 30s"),
    "unknown agent": ("- {id: s, kind: agent, agent: nobody}", "steps.0.agent", "there is no agent"),
    "told nothing": ("- {id: s, kind: agent}", "steps.0", "told nothing"),
    "calls itself": ("- {id: s, kind: pipeline, pipeline: t}", "steps.0.pipeline", "never ends"),
    "fallback's reader": (
        "- {id: a, kind: agent, prompt: x, on_error: {fallback: b}}\n- {id: b, kind: agent, prompt: y}\n"
        "- {id: c, kind: agent, prompt: '{{ b.result }}'}",
        "steps.2.id",
        "runs only when 'a' fails",
    ),
    "unknown fallback": (
        "- {id: a, kind: agent, prompt: x, on_error: {fallback: zz}}",
        "steps.0.on_error.fallback",
        "no step beside",
    ),
    "output's type": (
        "- {id: s, kind: transform, template: x, output: {type: integer}}",
        "steps.0.template",
        "a whole number is wanted",
    ),
    "until a number": ("- {id: s, kind: wait, until: '{{ many }}'}", "steps.0.until", "text is wanted"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_its_place(name: str) -> None:
    steps, field, said = FAULTS[name]
    found = problems(HEAD + steps)
    assert [one.field for one in found] == [field], [str(one) for one in found]
    assert said in found[0].message
    assert found[0].line is not None
    # Each step is on a line of its own.
    assert found[0].line == 4 + int(field.split(".")[1])


def test_all_errors_are_told_at_once_in_the_order_of_the_text() -> None:
    found = problems(
        "name: t\ninputs: {a: strnig}\noutputs: {o: '{{ nothing.result }}'}\nsteps:\n"
        "- {id: one, kind: agent, promt: '{{ x }}'}\n"
        "- {id: two, kind: agent, prompt: '{{ nowhere }}', timeout: soon}\n"
        "- {id: three, kind: agent, prompt: '{{ twoo.result }}'}\n"
    )
    assert [(one.line, one.field) for one in found] == [
        (2, "inputs.a"),
        (3, "outputs.o.value"),
        (5, "steps.0.promt"),
        (6, "steps.1.prompt"),
        (6, "steps.1.timeout"),
        (7, "steps.2.prompt"),
    ]
    assert "Did you mean two?" in found[-1].message


def test_columns_are_those_of_the_values() -> None:
    (found,) = problems(HEAD + "- id: s\n  kind: agent\n  prompt: '{{ nowhere }}'\n")
    assert (found.line, found.column) == (6, 11)
    assert str(found).startswith("p.yaml:6:11: steps.0.prompt: there is nothing called 'nowhere' here")


@pytest.mark.parametrize(
    "text", ["", "[]", "x", "name: [", "name: t", "name: t\nsteps: []", "name: t\nsteps: 5", "a: &x [*x]"]
)
def test_what_is_no_pipeline_is_refused(text: str) -> None:
    assert problems(text)


def test_too_many_steps_are_refused() -> None:
    inner = ", ".join(f"{{id: s{at}, kind: transform, value: 1}}" for at in range(700))
    text = "name: t\nsteps:\n" + "".join(
        f"- {{id: m{at}, kind: map, over: [1], steps: [{inner.replace('id: s', f'id: s{at}_')}]}}\n" for at in range(3)
    )
    assert "2,000 is the most" in problems(text)[0].message


def test_what_nothing_uses_is_a_doubt() -> None:
    found = read(HEAD + "- {id: s, kind: agent, prompt: '{{ topic }}'}\nagents: {spare: {role: x}}", source="p")
    assert [one.field for one in found.warnings] == ["inputs.many", "agents.spare"]
    assert {one.severity for one in found.warnings} == {"warning"}


def test_tools_and_pipelines_are_judged_where_they_are_known() -> None:
    tool = KnownTool(
        {
            "type": "object",
            "properties": {"path": {"type": "string"}},
            "required": ["path"],
            "additionalProperties": False,
        }
    )
    other = read(
        "name: other\ninputs: {n: integer}\noutputs: {x: {value: 1, schema: {type: integer}}}\n"
        "steps:\n- {id: s, kind: transform, value: 1}",
        source="o",
    )
    known = Known(
        tools={"files_read": tool},
        pipelines=("other",),
        pipeline={"other": other.plan.definition}.get,
    )
    found = problems(
        HEAD
        + "- {id: a, kind: tool, tool: files_raed}\n- {id: b, kind: tool, tool: files_read, arguments: {paht: x}}\n"
        "- {id: c, kind: tool, tool: files_read, arguments: {path: '{{ many }}'}}\n"
        "- {id: d, kind: pipeline, pipeline: othr}\n- {id: e, kind: pipeline, pipeline: other, input: {n: '{{ topic }}'}}\n"
        "- {id: f, kind: agent, prompt: '{{ e.result.y }}', tools: [file*, web]}\n",
        known,
    )
    assert [one.field for one in found] == [
        "steps.1.arguments",
        "steps.1.arguments.paht",
        "steps.2.arguments.path",
        "steps.3.pipeline",
        "steps.4.input.n",
        "steps.5.prompt",
    ]
    read(
        HEAD + "- {id: e, kind: pipeline, pipeline: other, input: {n: '{{ topic | int }}'}}\n"
        "- {id: f, kind: agent, prompt: '{{ e.result.x }}'}",
        source="p",
        known=known,
    )


def test_a_tool_that_nobody_offers_now_is_a_doubt() -> None:
    text = (
        HEAD + "- {id: a, kind: tool, tool: files_raed, arguments: {path: '{{ topic }}{{ many }}'}}\n"
        "- {id: f, kind: agent, prompt: x, tools: [file*, web, spare_*]}\n"
    )
    found = read(text, source="p", known=Known(tools={"files_read": KnownTool()}))
    assert [one.field for one in found.warnings] == ["steps.0.tool", "steps.1.tools.1", "steps.1.tools.2"]
    assert "Did you mean files_read?" in found.warnings[0].message


def test_plain_values_are_judged_without_lines() -> None:
    with pytest.raises(PipelineError) as raised:
        judged({"name": "t", "steps": [{"id": "a", "kind": "agent", "prompt": "{{ b }}"}]}, source="request")
    assert [(one.field, one.line) for one in raised.value.errors] == [("steps.0.prompt", None)]


def test_the_plan_says_what_waits_for_what() -> None:
    plan = read(
        HEAD + "- {id: c, kind: agent, prompt: '{{ a.result }} {{ m.result }}', needs: [b]}\n"
        "- {id: a, kind: agent, prompt: x}\n- {id: b, kind: agent, prompt: y}\n"
        "- {id: m, kind: map, over: '{{ many }}', steps: [{id: i, kind: agent, prompt: '{{ item.a }} {{ a.result }}'}]}",
        source="p",
    ).plan
    assert [one.id for one in plan.body.steps] == ["a", "b", "m", "c"]
    steps = {one.id: one for one in plan.body.steps}
    assert set(steps["c"].needs) == {"a", "b", "m"}
    assert steps["c"].gates == ("b",)
    assert steps["m"].needs == ("a",)
    assert {str(one) for one in steps["m"].references} == {"many", "item.a", "a.result"}
    assert plan.body.last == "m"
    assert steps["m"].bodies[0].path == ("steps", 3, "steps")
