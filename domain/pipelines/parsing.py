"""Every expression of a definition, parsed: what it refers to, or what is wrong with it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from contracts.pipelines.plan import Reference
from domain.pipelines.conditions import UnfitConditionError, references
from domain.pipelines.expressions import Expression, agent_expressions, expressions, leaves
from domain.pipelines.outline import Body, Located, Outline
from domain.pipelines.templates import UnfitTemplateError, parsed
from domain.yaml.explaining import Fault
from domain.yaml.nodes import Path


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text refers to. `body` is where it stands: it sees the steps of that and of those around.

    `of` is the step that it belongs to, None for the pipeline's own texts.
    """

    path: Path
    text: str
    cel: bool
    references: tuple[Reference, ...]
    body: Body
    of: Located | None
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class Parsed:
    """All texts that refer to something, by their paths, and the faults of those that could not be read."""

    by_path: dict[Path, Reading] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def of(self, located: Located) -> Iterator[Reading]:
        """A step's own."""
        return iter(self._by_step.get(id(located), ()))

    _by_step: dict[int, list[Reading]] = field(default_factory=dict)


def parse_all(outline: Outline) -> Parsed:
    """Parse every text of a definition."""
    found = Parsed()
    for located in outline.steps():
        for one in expressions(located.step):
            body = located.body if one.body is None else located.bodies[one.body]
            _take(found, one, located.path, body, located)
    for name, agent in outline.definition.agents.items():
        nowhere = Body("agents", (), None)
        for one in agent_expressions(agent, ("agents", name)):
            _take(found, one, (), nowhere, None)
    for name, output in outline.definition.outputs.items():
        # An output may be written short, without `value`; places are found by what the text has.
        _take(found, Expression(("outputs", name, "value"), output.value, "value"), (), outline.root, None)
    return found


def _take(found: Parsed, one: Expression, above: Path, body: Body, of: Located | None) -> None:
    texts: Iterable[tuple[Path, str]] = [((*above, *one.path), one.value)]
    if one.language == "value":
        texts = leaves((*above, *one.path), one.value)
    for path, text in texts:
        try:
            read = references(text) if one.language == "cel" else parsed(text).references
        except (UnfitTemplateError, UnfitConditionError) as error:
            found.faults.append(Fault(path, str(error)))
            continue
        if not read and one.language != "cel" and parsed(text).plain:
            continue
        reading = Reading(path, text, one.language == "cel", read, body, of, one.names)
        found.by_path[path] = reading
        if of is not None:
            found._by_step.setdefault(id(of), []).append(reading)
