"""Reading a policy's text: all that is wrong with it at once, each with its line."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from contracts.policies import Policy
from domain.policies.contradictions import contradictions
from domain.policies.merging import Document, merged
from domain.policies.problems import PolicyError, PolicyProblem, Severity
from domain.policies.shared import deployments_own
from domain.policies.unknown import ModelNames, unknown_models
from domain.yaml.composing import compose
from domain.yaml.explaining import Fault, explained
from domain.yaml.nodes import Node, dotted, end_of, place_of, plain


@dataclass(frozen=True, slots=True)
class Reading:
    """A policy that was read. `document` is what the text says, `policy` what follows from it on its base."""

    document: dict[str, Any]
    policy: Policy
    warnings: tuple[PolicyProblem, ...] = ()


def read(text: str | bytes, *, source: str, base: Document | None = None, names: ModelNames | None = None) -> Reading:
    """Read YAML or JSON. `base` is the deployment's document, which a workspace's is laid over; `names` judges the models' names.

    Raises PolicyError with everything that is wrong, in the order of the text.
    """
    decoded = _decoded(text, source) if isinstance(text, bytes) else text
    node, found = compose(decoded, thing="a policy", empty="write {} for a policy that leaves all as it is")
    problems = [PolicyProblem(said, source, *((at.line, at.column) if at else (None, None))) for said, at in found]
    if node is None:
        raise PolicyError(tuple(problems))
    document = plain(node)
    if not isinstance(document, dict):
        said = "a policy is a mapping of fields, as in `routing_rules: ...`"
        problems.append(PolicyProblem(said, source, node.place.line, node.place.column))
        raise PolicyError(tuple(problems))
    whole = merged(base or {}, document)
    policy: Policy | None = None
    faults = list(contradictions(whole))
    try:
        policy = Policy.model_validate(whole)
        if base is not None:
            faults += deployments_own(policy, Policy.model_validate(dict(base)))
    except ValidationError as error:
        faults += explained(error, Policy)
    # Where the text itself is at fault, what follows from that is not worth a line.
    noted = {(one.line, one.column) for one in problems}
    problems += [one for one in _placed(faults, node, source, "error") if (one.line, one.column) not in noted]
    warnings = _placed(unknown_models(policy, names), node, source, "warning") if policy and names else []
    if policy is None or problems:
        raise PolicyError(tuple(sorted([*problems, *warnings], key=_in_text)))
    return Reading(document, policy, tuple(sorted(warnings, key=_in_text)))


def understood(document: Document, *, base: Document, source: str) -> Policy:
    """The policy of a document that was read before, on another base. Raises PolicyError, without lines."""
    whole = merged(base, document)
    faults = list(contradictions(whole))
    try:
        policy = Policy.model_validate(whole)
    except ValidationError as error:
        faults += explained(error, Policy)
    if faults:
        raise PolicyError(tuple(PolicyProblem(one.message, source, field=dotted(one.path)) for one in faults))
    return policy


def _decoded(text: bytes, source: str) -> str:
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = end_of(text[: error.start].decode("utf-8-sig"))
        raise PolicyError((PolicyProblem("the text is not UTF-8", source, place.line, place.column),)) from None


def _placed(faults: Iterable[Fault], node: Node, source: str, severity: Severity) -> list[PolicyProblem]:
    placed = []
    for fault in faults:
        place = place_of(node, fault.path, name=fault.at_name)
        line, column = (place.line, place.column) if place else (None, None)
        placed.append(PolicyProblem(fault.message, source, line, column, dotted(fault.path), severity))
    return placed


def _in_text(problem: PolicyProblem) -> tuple[int, int]:
    return problem.line or 0, problem.column or 0
