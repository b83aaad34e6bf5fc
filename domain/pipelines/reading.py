"""From a text to a plan: all that is wrong with it at once, each with its line."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from contracts.pipelines.definition import Pipeline
from contracts.pipelines.plan import PipelinePlan
from domain.pipelines.checking import checked
from domain.pipelines.knowing import NOTHING, Known
from domain.pipelines.mending import mended, within, without
from domain.pipelines.problems import PipelineError, PipelineProblem, Severity
from domain.yaml.composing import compose
from domain.yaml.explaining import Fault, explained
from domain.yaml.nodes import Node, Path, dotted, place_of, plain

_MOST = 200
"""Problems that are told at once."""
_BOUNDED = "a loop is bounded: say how many rounds there may be at most, as in `max_rounds: 5`"


@dataclass(frozen=True, slots=True)
class ReadPipeline:
    """A definition that was read. `text` is what was read; `plan` is what can be run."""

    text: str
    plan: PipelinePlan
    warnings: tuple[PipelineProblem, ...] = ()


def read(text: str | bytes, *, source: str, known: Known = NOTHING) -> ReadPipeline:
    """Read YAML or JSON. `known` judges names of tools, pipelines and models.

    Raises PipelineError with everything that is wrong, in the order of the text.
    """
    decoded = _decoded(text, source) if isinstance(text, bytes) else text
    node, found = compose(decoded, thing="a pipeline", empty="a pipeline has at least a name and steps")
    problems = [PipelineProblem(said, source, *((at.line, at.column) if at else (None, None))) for said, at in found]
    if node is None:
        raise PipelineError(tuple(problems))
    document = plain(node)
    if not isinstance(document, dict):
        said = "a pipeline is a mapping of fields, as in `name: ...` and `steps: ...`"
        problems.append(PipelineProblem(said, source, node.place.line, node.place.column))
        raise PipelineError(tuple(problems))
    plan, faults, doubts = _judged(document, known)
    # Where the text itself is at fault, what follows from that is not worth a line.
    noted = {(one.line, one.column) for one in problems}
    problems += [one for one in _placed(faults, node, source, "error") if (one.line, one.column) not in noted]
    warnings = _placed(doubts, node, source, "warning")
    if plan is None or problems:
        together = sorted([*list(dict.fromkeys(problems))[:_MOST], *warnings], key=_in_text)
        raise PipelineError(tuple(together))
    return ReadPipeline(decoded, plan, tuple(sorted(warnings, key=_in_text)))


def judged(document: Any, *, source: str, known: Known = NOTHING) -> PipelinePlan:
    """The plan of plain values, as an API takes them. Raises PipelineError, without lines."""
    plan, faults, doubts = _judged(document if isinstance(document, dict) else {}, known)
    if plan is None:
        told = [PipelineProblem(one.message, source, field=dotted(one.path)) for one in faults]
        told += [PipelineProblem(one.message, source, field=dotted(one.path), severity="warning") for one in doubts]
        raise PipelineError(tuple(told))
    return plan


def _judged(document: dict[str, Any], known: Known) -> tuple[PipelinePlan | None, list[Fault], list[Fault]]:
    try:
        definition = Pipeline.model_validate(document)
    except ValidationError as error:
        faults = _worded(list(explained(error, Pipeline)))
        return None, [*faults, *_beyond(document, faults, known)], []
    found = checked(definition, known)
    return found.plan, list(found.faults), list(found.doubts)


def _beyond(document: dict[str, Any], faults: list[Fault], known: Known) -> list[Fault]:
    """What else is wrong: the parts at fault are replaced by ones that say nothing, and the rest is checked."""
    broken = {one.path for one in faults}
    definition = _valid(without(document, broken))
    if definition is not None:
        # What is taken out leaves faults of its own beside it.
        found = checked(definition, known).faults
        return [one for one in found if not any(_is_near(one.path, path) for path in broken)]
    definition = _valid(mended(document, broken))
    if definition is None:
        return []
    parts = {within(path) for path in broken}
    return [one for one in checked(definition, known).faults if within(one.path) not in parts]


def _valid(document: dict[str, Any]) -> Pipeline | None:
    try:
        return Pipeline.model_validate(document)
    except ValidationError:
        return None


def _is_near(path: Path, broken: Path) -> bool:
    shorter = min(len(path), len(broken))
    return path[:shorter] == broken[:shorter]


def _worded(faults: list[Fault]) -> list[Fault]:
    """A missing bound in the words of loops; a list that is too short only where nothing in it is at fault."""
    paths = [one.path for one in faults]
    told = []
    for one in faults:
        if one.path[-1:] == ("max_rounds",) and one.message == "this field is missing":
            told.append(Fault(one.path, _BOUNDED))
        elif not _is_short(one, paths):
            told.append(one)
    return told


def _is_short(fault: Fault, paths: list[Path]) -> bool:
    above = any(len(path) > len(fault.path) and path[: len(fault.path)] == fault.path for path in paths)
    return above and "at least" in fault.message and "after validation" in fault.message


def _decoded(text: bytes, source: str) -> str:
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise PipelineError((PipelineProblem("the text is not UTF-8", source, line, 1),)) from None


def _placed(faults: Iterable[Fault], node: Node, source: str, severity: Severity) -> list[PipelineProblem]:
    placed = []
    for fault in faults:
        place = None
        path = fault.path
        # What is written short has no fields of its own: the place is that of what it is short for.
        while place is None:
            place = place_of(node, path, name=fault.at_name)
            if not path:
                break
            path = path[:-1]
        line, column = (place.line, place.column) if place else (None, None)
        placed.append(PipelineProblem(fault.message, source, line, column, dotted(fault.path), severity))
    return placed


def _in_text(problem: PipelineProblem) -> tuple[int, int]:
    return problem.line or 0, problem.column or 0
