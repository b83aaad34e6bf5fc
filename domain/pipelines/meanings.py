"""What each reference means: whether its name is seen from where it stands, and the shape of what it leads to."""

from collections.abc import Iterator
from typing import Any

from jinja2 import nodes

from contracts.pipelines.plan import Reference
from contracts.pipelines.steps import LoopStep, MapStep
from domain.pipelines import conditions
from domain.pipelines.outline import Located, Outline
from domain.pipelines.parsing import Parsed, Reading
from domain.pipelines.shapes import (
    ANY,
    BOOLEAN,
    INTEGER,
    NUMBER,
    TEXT,
    NoSuchFieldError,
    Shape,
    closed,
    either,
    listed,
    selected,
)
from domain.pipelines.templates import UnfitTemplateError, parsed, reference_of
from domain.yaml.explaining import Fault, near
from domain.yaml.nodes import Path

RUN = closed({"id": TEXT, "pipeline": TEXT, "version": TEXT, "started_at": {"type": "string", "format": "date-time"}})
STATES = {"enum": ["completed", "failed", "skipped"]}
_LIST: Shape = {"type": "array"}
_FILTERED: dict[str, Shape] = {
    **dict.fromkeys(("length", "count", "int", "wordcount"), INTEGER),
    "float": NUMBER,
    **dict.fromkeys(("join", "string", "upper", "lower", "title", "capitalize", "trim", "truncate", "replace"), TEXT),
    **dict.fromkeys(("tojson", "urlencode"), TEXT),
    **dict.fromkeys(("list", "map", "select", "reject", "selectattr", "rejectattr", "unique", "sort"), _LIST),
}
_MOST_HINTS = 30


class Names:
    """Names and their shapes, filled in as steps are looked at in their order."""

    def __init__(self, outline: Outline, parsed_texts: Parsed) -> None:
        self.outline = outline
        self.parsed = parsed_texts
        self.faults: list[Fault] = []
        self.steps: dict[str, Shape] = {}
        """By id: the shape of all that is seen of a step."""
        self.carried: dict[str, Shape] = {}
        """By a loop's id: the shape of what it carries."""
        self.items: dict[str, Shape] = {}
        """By a map's id: the shape of an item."""
        self.inputs: dict[str, Shape] = dict(outline.definition.inputs)

    def judge(self, reading: Reading, extra: dict[str, Shape] | None = None) -> None:
        """Notes what is wrong with each reference of a text."""
        for reference in reading.references:
            try:
                self.shape(reference, reading, extra or {})
            except NoSuchFieldError as error:
                self.faults.append(Fault(reading.path, str(error)))

    def shape(self, reference: Reference, reading: Reading, extra: dict[str, Shape]) -> Shape:
        """What a reference leads to. Raises NoSuchFieldError, saying what is wrong with it."""
        root = reference.root
        local = self._local(root, reading, extra)
        if local is not None:
            return self._followed(reference, local, 0)
        if root in self.inputs:
            return self._followed(reference, self.inputs[root], 0)
        if root == "inputs":
            return self._followed(reference, closed(self.inputs), 0)
        if root == "run":
            return self._followed(reference, RUN, 0)
        located = self.outline.by_id.get(root)
        if located is None:
            raise NoSuchFieldError(self._unknown(reference, reading, extra))
        if reading.of is not None and located is reading.of and reading.body is located.body:
            raise NoSuchFieldError(f"{root!r} refers to itself; a step is not finished before it runs")
        if located.body not in list(reading.body.around()):
            raise NoSuchFieldError(_hidden(located))
        if located in _owners(reading):
            raise NoSuchFieldError(f"{root!r} is not finished while its own steps run")
        seen = self.steps.get(root)
        if not reference.path:
            raise NoSuchFieldError(f"{root!r} is a step; say what of it: {root}.result")
        if seen is None:
            return ANY
        if reference.path[0] not in seen["properties"]:
            fields = list(seen["properties"])
            said = f"a step has {', '.join(fields)}, and not {str(reference.path[0])[:100]!r}"
            meant = "".join(f".{part}" if isinstance(part, str) else f"[{part}]" for part in reference.path)
            hint = near(str(reference.path[0]), fields, likeness=0.75) or f" Did you mean {root}.result{meant}?"
            raise NoSuchFieldError(f"{root}: {said}.{hint}")
        return self._followed(reference, seen, 0)

    def _followed(self, reference: Reference, shape: Shape, start: int) -> Shape:
        root = shape
        for at in range(start, len(reference.path)):
            try:
                shape, root = selected(shape, reference.path[at], root)
            except NoSuchFieldError as error:
                so_far = Reference(root=reference.root, path=reference.path[:at])
                hint = ""
                if at == 1 and reference.path[0] == "result" and "is text" in str(error):
                    hint = f" Give {reference.root!r} an `output` schema, if its answer is to have fields."
                raise NoSuchFieldError(f"{so_far}: {error}.{hint}".replace("..", ".")) from None
        return {**shape, "$defs": root["$defs"]} if "$ref" in shape and "$defs" in root else shape

    def _local(self, name: str, reading: Reading, extra: dict[str, Shape]) -> Shape | None:
        if name in extra:
            return extra[name]
        if name in reading.names:
            return ANY
        for body in reading.body.around():
            if name in body.names and body.owner is not None:
                return self._given(body.owner, name)
        return None

    def _given(self, owner: Located, name: str) -> Shape:
        match owner.step:
            case MapStep():
                return INTEGER if name == "index" else self.items.get(owner.step.id, ANY)
            case LoopStep():
                return INTEGER if name == "round" else self.carried.get(owner.step.id, ANY)
            case _:
                return ANY

    def _unknown(self, reference: Reference, reading: Reading, extra: dict[str, Shape]) -> str:
        said = f"there is nothing called {reference.root[:100]!r} here"
        if len(self.faults) > _MOST_HINTS:
            return said + "."
        seen = dict.fromkeys([*self.inputs, *extra, *reading.names])
        for body in reading.body.around():
            seen.update(dict.fromkeys([*(one.step.id for one in body.steps), *body.names]))
        if reading.of is not None:
            seen.pop(reading.of.step.id, None)
        names = list(seen)
        hint = near(reference.root, names[:500]) or (f" There are: {', '.join(names[:20])}." if names else "")
        if reading.cel and not reference.path and not hint.startswith(" Did"):
            hint += " A text is put in quotes."
        return f"{said}.{hint}"

    def shape_of(self, value: Any, path: Path, extra: dict[str, Shape] | None = None) -> Shape:
        """The shape of a value with its templates filled in."""
        if isinstance(value, str):
            return self._shape_of_text(value, path, extra or {})
        if isinstance(value, dict):
            return closed({name: self.shape_of(inner, (*path, name), extra) for name, inner in value.items()})
        if isinstance(value, list | tuple):
            return listed(
                either([self.shape_of(one, (*path, at), extra) for at, one in enumerate(value)]) if value else ANY
            )
        return {"const": value} if value is not None else ANY

    def shape_of_cel(self, text: str, path: Path, extra: dict[str, Shape] | None = None) -> Shape:
        """The shape of a calculation, where it is no more than a reference or plainly a comparison."""
        reading = self.parsed.by_path.get(path)
        alone = conditions.alone(text)
        if reading is None or alone is None:
            return ANY
        return self._quietly(alone, reading, extra or {})

    def _shape_of_text(self, text: str, path: Path, extra: dict[str, Shape]) -> Shape:
        reading = self.parsed.by_path.get(path)
        try:
            template = parsed(text)
        except UnfitTemplateError:
            return ANY
        if template.expression is None or reading is None:
            return TEXT
        return self._shape_of_expression(template.expression, reading, extra)

    def _shape_of_expression(self, node: nodes.Expr, reading: Reading, extra: dict[str, Shape]) -> Shape:
        reference = reference_of(node)
        if reference is not None:
            return self._quietly(reference, reading, extra)
        match node:
            case nodes.Const():
                return ANY if node.value is None else {"const": node.value}
            case nodes.Compare() | nodes.Not() | nodes.Test():
                return BOOLEAN
            case nodes.Concat():
                return TEXT
            case nodes.CondExpr() if node.expr2 is not None:
                sides = (node.expr1, node.expr2)
                return either([self._shape_of_expression(one, reading, extra) for one in sides])
            case nodes.Or() | nodes.And():
                return either([self._shape_of_expression(one, reading, extra) for one in (node.left, node.right)])
            case nodes.Filter():
                return _FILTERED.get(node.name, ANY)
            case nodes.List():
                return listed(either([self._shape_of_expression(one, reading, extra) for one in node.items]))
            case _:
                return ANY

    def _quietly(self, reference: Reference, reading: Reading, extra: dict[str, Shape]) -> Shape:
        try:
            return self.shape(reference, reading, extra)
        except NoSuchFieldError:
            return ANY


def _owners(reading: Reading) -> Iterator[Located]:
    for body in reading.body.around():
        if body.owner is not None:
            yield body.owner


def _hidden(located: Located) -> str:
    owner = located.body.owner
    name = located.step.id
    within = owner.step.id if owner is not None else ""
    return f"{name!r} runs within {within!r} and is not seen from here; refer to {within}.result, and let that give it"
