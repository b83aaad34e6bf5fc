"""Runs a plan in memory, by the words of the contracts alone: models and tools give samples, all else is worked out for real.

It is what an interpreter has to do, without durability: whatever it can run, one that stores and retries can run.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, assert_never

from contracts.pipelines.agents import Worker
from contracts.pipelines.definition import Pipeline
from contracts.pipelines.plan import PipelinePlan, PlannedBody, PlannedStep
from contracts.pipelines.steps import (
    AgentStep,
    ApprovalStep,
    BranchStep,
    GenerateStep,
    HandoffStep,
    LoopStep,
    MapStep,
    ParallelStep,
    PipelineStep,
    Step,
    ToolStep,
    TransformStep,
    WaitStep,
)
from domain.pipelines.conditions import evaluated, holds
from domain.pipelines.results import answer_of
from domain.pipelines.templates import rendered, rendered_text
from tests.pipelines.sampling import sample

_GIVEN: dict[str, Any] = {"retrieve": {"passages": [{"name": "tea.txt", "text": "Tea is a drink.", "score": 0.5}]}}
"""What tools give whose results have a form that steps count on."""
SKIPPED = {"result": None, "state": "skipped", "error": None}
Answer = Callable[[str, dict[str, Any] | None], Any]


class FailedError(Exception):
    """A step failed, and the run with it."""


@dataclass
class Walk:
    """A run. `started` are the ids of steps in the order of their starts, `asked` what each model was told."""

    plan: PipelinePlan
    answer: Answer = field(default=lambda step, schema: sample(schema))
    failing: frozenset[str] = frozenset()
    shuffle: random.Random = field(default_factory=lambda: random.Random(1))
    started: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    calls: int = 0

    @property
    def definition(self) -> Pipeline:
        return self.plan.definition

    def run(self, given: dict[str, Any] | None = None) -> dict[str, Any]:
        """The outputs. Raises FailedError."""
        inputs = {
            name: (given or {})[name] if name in (given or {}) else schema.get("default", sample(schema))
            for name, schema in self.definition.inputs.items()
        }
        run = {
            "id": "r",
            "pipeline": self.definition.name,
            "version": self.plan.version,
            "started_at": datetime(2026, 1, 1, tzinfo=UTC).isoformat(),
        }
        seen = self._body(self.plan.body, {**inputs, "inputs": inputs, "run": run})
        if not self.definition.outputs:
            return {"result": seen[str(self.plan.body.last)]["result"]}
        return {name: rendered(output.value, seen) for name, output in self.definition.outputs.items()}

    def _body(self, body: PlannedBody, names: dict[str, Any]) -> dict[str, Any]:
        """All names after the steps of a body have run, whichever of those that are ready comes first."""
        seen = dict(names)
        waiting = {one.id: one for one in body.steps if one.stands_in_for is None}
        standing_in = {one.id: one for one in body.steps if one.stands_in_for is not None}
        ids = {one.id for one in body.steps}
        while waiting or standing_in:
            # A fallback that was not needed is done when what it stands in for is.
            for one in list(standing_in.values()):
                if one.stands_in_for in seen:
                    seen.setdefault(one.id, SKIPPED)
                    del standing_in[one.id]
            ready = [one for one in waiting.values() if all(need in seen for need in one.needs)]
            fallbacks_ready = all(
                need in seen for one in ready if one.fallback for need in standing_in[one.fallback].needs
            )
            ready = ready if fallbacks_ready else [one for one in ready if self._fallback_ready(one, standing_in, seen)]
            assert ready or not waiting, f"nothing can go on: {sorted(waiting)}"
            if not ready:
                continue
            one = self.shuffle.choice(ready)
            assert set(one.needs) <= ids
            del waiting[one.id]
            seen[one.id] = self._step(one, seen, standing_in)
        return seen

    def _fallback_ready(self, one: PlannedStep, others: dict[str, PlannedStep], seen: dict[str, Any]) -> bool:
        return one.fallback is None or all(need in seen for need in others[one.fallback].needs)

    def _step(self, planned: PlannedStep, names: dict[str, Any], others: dict[str, PlannedStep]) -> dict[str, Any]:
        step = self._at(planned.path)
        if step.when is not None:
            if not holds(step.when, names):
                return SKIPPED
        elif planned.gates and all(names[gate]["state"] == "skipped" for gate in planned.gates):
            return SKIPPED
        self.started.append(planned.id)
        if planned.id not in self.failing:
            try:
                return {"state": "completed", "error": None, **self._kind(step, planned, names)}
            except FailedError:
                # Something in it failed, and it with that.
                pass
        failed = {"result": None, "state": "failed", "error": {"kind": "internal", "message": "it was to fail"}}
        match step.on_error:
            case "fail":
                raise FailedError(planned.id)
            case "skip":
                return SKIPPED
            case "continue":
                return failed
            case _ as other:
                names[planned.id] = failed
                return self._step(others[other.fallback], names, others)

    def _at(self, path: tuple[str | int, ...]) -> Step:
        found: Any = self.definition
        for part in path:
            found = found[part] if isinstance(part, int) else getattr(found, part)
        return found  # type: ignore[no-any-return]

    def _kind(self, step: Step, planned: PlannedStep, names: dict[str, Any]) -> dict[str, Any]:
        match step:
            case AgentStep():
                return {"result": self._ask(step.id, step, names)}
            case GenerateStep():
                self._say(rendered_text(step.prompt, names), rendered_text(step.instructions or "", names))
                for one in step.messages:
                    self._say(rendered_text(one.content, names))
                return {"result": self.answer(step.id, step.output), "confidence": 1.0, "attempts": 1}
            case ToolStep():
                rendered(step.arguments, names)
                return {"result": _GIVEN.get(step.tool) or self.answer(step.id, step.output)}
            case TransformStep():
                return {"result": _transformed(step, names)}
            case MapStep():
                return self._map(step, planned, names)
            case BranchStep():
                return self._branch(step, planned, names)
            case LoopStep():
                return self._loop(step, planned, names)
            case ApprovalStep():
                rendered(step.show, names)
                value = rendered(step.value, names)
                return {"result": {"approved": True, "comment": None, "by": "somebody", "value": value}}
            case WaitStep():
                rendered(step.until, names)
                return {"result": sample(step.output) if step.event else None}
            case PipelineStep():
                rendered(step.input, names)
                return {"result": {}}
            case ParallelStep():
                return self._panel(step, names)
            case HandoffStep():
                self._say(rendered_text(step.prompt or "", names))
                return {"result": self._ask(step.id, step.agents[step.start], names), "agent": step.start}
            case _:
                assert_never(step)

    def _ask(self, step: str, worker: Worker, names: dict[str, Any]) -> Any:
        named = self.definition.agents.get(worker.agent or "")
        for agent in (worker, *([named] if named is not None else [])):
            for text in (agent.role, agent.goal, agent.instructions):
                rendered_text(text or "", names)
        for one in worker.messages:
            rendered_text(one.content, names)
        self._say(rendered_text(worker.prompt or "", names), str(rendered(worker.input, names)))
        return self.answer(step, answer_of(worker, self.definition))

    def _say(self, *texts: str) -> None:
        self.calls += 1
        self.asked += [text for text in texts if text]

    def _map(self, step: MapStep, planned: PlannedStep, names: dict[str, Any]) -> dict[str, Any]:
        items = rendered(step.over, names)
        assert isinstance(items, list)
        results = []
        for at, item in enumerate(items):
            inner = self._body(planned.bodies[0], {**names, step.item_name: item, "index": at})
            results.append(_result(step.result, planned.bodies[0], inner))
        return {"result": results, "failed": []}

    def _branch(self, step: BranchStep, planned: PlannedStep, names: dict[str, Any]) -> dict[str, Any]:
        for case, body in zip(step.cases, planned.bodies, strict=False):
            if holds(case.when, names):
                return {"result": _result(case.result, body, self._body(body, names)), "chosen": case.name}
        if step.otherwise is None:
            return {"result": None, "chosen": None}
        body = planned.bodies[-1]
        return {"result": _result(step.otherwise.result, body, self._body(body, names)), "chosen": "otherwise"}

    def _loop(self, step: LoopStep, planned: PlannedStep, names: dict[str, Any]) -> dict[str, Any]:
        carry = {name: rendered(one.start, names) for name, one in step.carry.items()}
        body = planned.bodies[0]
        result: Any = None
        for at in range(1, step.max_rounds + 1):
            inner = self._body(body, {**names, "carry": carry, "round": at})
            result = _result(step.result, body, inner)
            carry = {name: rendered(one.next, inner) for name, one in step.carry.items()}
            if holds(step.until, {**inner, "carry": carry}):
                return {"result": result, "rounds": at, "met": True, "carry": carry}
        return {"result": result, "rounds": step.max_rounds, "met": False, "carry": carry}

    def _panel(self, step: ParallelStep, names: dict[str, Any]) -> dict[str, Any]:
        self._say(rendered_text(step.prompt or "", names))
        members = {one.name: self._ask(step.id, one, names) for one in step.members}
        if step.decide is not None and step.decide.judge is not None:
            result = self._ask(step.id, step.decide.judge, {**names, "members": members})
            return {"result": result, "members": members}
        return {"result": members, "members": members}


def _transformed(step: TransformStep, names: dict[str, Any]) -> Any:
    own = {**names, **{name: rendered(value, names) for name, value in step.variables.items()}}
    if step.template is not None:
        return rendered_text(step.template, own)
    return evaluated(step.cel, own) if step.cel is not None else rendered(step.value, own)


def _result(said: Any, body: PlannedBody, seen: dict[str, Any]) -> Any:
    if said is not None:
        return rendered(said, seen)
    return seen[body.last]["result"] if body.last is not None else body.name
