"""Random definitions that are right: their steps refer only to what has come before them, in a shuffled order of writing."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

SHAPE = {"type": "object", "properties": {"n": {"type": "integer"}, "t": {"type": "string"}}, "required": ["n", "t"]}


@dataclass
class Writing:
    """What has been written so far: a count for ids."""

    draw: Any
    count: int = 0
    ids: list[str] = field(default_factory=list)

    def fresh(self) -> str:
        self.count += 1
        return f"s{self.count}"


@st.composite
def definitions(draw: Any, most: int = 6) -> dict[str, Any]:
    """A definition as plain values."""
    writing = Writing(draw)
    steps = _steps(writing, [], draw(st.integers(1, most)), 0)
    order = draw(st.permutations(steps))
    outputs = {f"o{at}": "{{ " + step["id"] + ".result }}" for at, step in enumerate(steps) if draw(st.booleans())}
    document: dict[str, Any] = {
        "name": "random",
        "inputs": {"topic": "string", "many": {"type": "array", "default": [1, 2]}},
    }
    if outputs:
        document["outputs"] = outputs
    return {**document, "steps": order}


def _steps(writing: Writing, above: list[str], count: int, depth: int) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    seen = list(above)
    for _ in range(count):
        step = _step(writing, seen, [one["id"] for one in steps], depth)
        steps.append(step)
        seen.append(step["id"])
    return steps


def _step(writing: Writing, seen: list[str], beside: list[str], depth: int) -> dict[str, Any]:
    draw = writing.draw
    name = writing.fresh()
    read = draw(st.lists(st.sampled_from(seen), max_size=3, unique=True)) if seen else []
    prompt = "{{ topic }}" + "".join(" {{ " + one + ".result }}" for one in read)
    common: dict[str, Any] = {"id": name}
    if beside and draw(st.integers(0, 3)) == 0:
        common["needs"] = draw(st.lists(st.sampled_from(beside), max_size=2, unique=True))
    if read and draw(st.integers(0, 3)) == 0:
        common["when"] = f"{read[0]}.state == 'completed'" if draw(st.booleans()) else "topic == 'no'"
    if draw(st.integers(0, 4)) == 0:
        common["retry"] = {"attempts": draw(st.integers(1, 3))}
    if draw(st.integers(0, 2)) == 0:
        common["on_error"] = draw(st.sampled_from(["fail", "skip", "continue"]))
    kinds = ["agent", "generate", "tool", "transform", "approval", "parallel", "handoff"] + (
        ["map", "branch", "loop"] if depth < 2 else []
    )
    match draw(st.sampled_from(kinds)):
        case "agent":
            return {**common, "kind": "agent", "prompt": prompt, "max_steps": draw(st.integers(1, 3))}
        case "generate":
            return {**common, "kind": "generate", "prompt": prompt, "schema": SHAPE, "attempts": 2}
        case "tool":
            return {**common, "kind": "tool", "tool": "t", "arguments": {"a": prompt}}
        case "transform":
            return {**common, "kind": "transform", "template": prompt}
        case "approval":
            return {**common, "kind": "approval", "value": prompt}
        case "parallel":
            return {
                **common,
                "kind": "parallel",
                "prompt": prompt,
                "members": [{"name": "x"}, {"name": "y", "max_steps": 2}],
            }
        case "handoff":
            return {
                **common,
                "kind": "handoff",
                "start": "x",
                "agents": {"x": {"prompt": prompt}, "y": {}},
                "max_handoffs": 1,
            }
        case "map":
            inner = _steps(writing, seen, draw(st.integers(1, 2)), depth + 1)
            return {**common, "kind": "map", "over": "{{ many }}", "max_items": 3, "steps": inner}
        case "branch":
            inner = _steps(writing, seen, draw(st.integers(1, 2)), depth + 1)
            cases = [{"name": "no", "when": "topic == 'no'", "steps": inner}]
            return {**common, "kind": "branch", "cases": cases, "otherwise": {"result": prompt}}
        case _:
            inner = _steps(writing, seen, draw(st.integers(1, 2)), depth + 1)
            return {
                **common,
                "kind": "loop",
                "until": f"round >= {draw(st.integers(1, 4))}",
                "max_rounds": 3,
                "steps": inner,
            }
