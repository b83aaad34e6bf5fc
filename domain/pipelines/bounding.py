"""The worst that a pipeline can come to: how many steps, model calls and tokens, and what they cost.

It is a proof from the definition alone: every branch is the dearest, every list the longest, every loop and retry goes
to its end, every agent takes all its steps, every prompt and answer is as long as it may be.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import reduce
from typing import assert_never

from contracts.pipelines.agents import Agent, Defaults, ModelWork, Worker
from contracts.pipelines.base import Budget
from contracts.pipelines.definition import Pipeline
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
from contracts.tools import RUN_PIPELINE
from domain.pipelines.knowing import NOTHING, Known


@dataclass(frozen=True, slots=True)
class CallSaid:
    """What a definition says of a model call. No `models`: whichever the deployment chooses; `auto` likewise."""

    models: tuple[str, ...]
    max_input_tokens: int | None
    max_output_tokens: int | None


@dataclass(frozen=True, slots=True)
class CallBound:
    """The most that one call takes, in tokens, and costs, in USD (None: nobody knows)."""

    input_tokens: int
    output_tokens: int
    cost: Decimal | None


CallPrice = Callable[[CallSaid], CallBound]
"""Bounds one model call, over all models that may answer it."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that something comes to. `steps` counts starts of steps, at every depth.

    `cost` is in USD, over what has a price. `unpriced` names models without one, `unknown` pipelines whose content nobody knows
    (`pipelines_run`: those that the tool starts). Where there are any, the cost is not a bound.
    """

    steps: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal = Decimal(0)
    unpriced: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()

    @property
    def proven(self) -> bool:
        """The cost is a bound: all that is called has a price."""
        return not self.unpriced and not self.unknown

    def __add__(self, other: "Bound") -> "Bound":
        return _joined(self, other, lambda one, two: one + two, lambda one, two: one + two)

    def times(self, count: int) -> "Bound":
        """So many of it."""
        return replace(
            self,
            steps=self.steps * count,
            model_calls=self.model_calls * count,
            tool_calls=self.tool_calls * count,
            input_tokens=self.input_tokens * count,
            output_tokens=self.output_tokens * count,
            cost=self.cost * count,
        )


@dataclass(frozen=True, slots=True)
class RunBound:
    """A run's bound: `total` as the steps add up, with their budgets; `capped`: the same under the run's own budget.

    `steps` says it of every step by its id, for all the times that it may run once where it stands.
    """

    total: Bound
    capped: Bound
    steps: dict[str, Bound]


def bound(definition: Pipeline, price: CallPrice, *, known: Known = NOTHING, paid_attempts: int = 1) -> RunBound:
    """The bound of a definition. `paid_attempts`: how often one answer may be paid for, where attempts are cut and made again."""
    return _Bounding(price, known, paid_attempts).run(definition, ())


class _Bounding:
    def __init__(self, price: CallPrice, known: Known, paid_attempts: int) -> None:
        self.price = price
        self.known = known
        self.paid_attempts = paid_attempts

    def run(self, definition: Pipeline, above: tuple[str, ...]) -> RunBound:
        steps: dict[str, Bound] = {}
        total = self._body(definition.steps, definition, (*above, definition.name), steps)
        return RunBound(total, _under(total, definition.budget), steps)

    def _body(
        self, body: Iterable[Step], definition: Pipeline, above: tuple[str, ...], into: dict[str, Bound]
    ) -> Bound:
        total = Bound()
        for step in body:
            once = Bound(steps=1) + self._kind(step, definition, above, into)
            attempts = step.retry.attempts if step.retry is not None else 1
            into[step.id] = _under(once.times(attempts), step.budget)
            total += into[step.id]
        return total

    def _kind(self, step: Step, definition: Pipeline, above: tuple[str, ...], into: dict[str, Bound]) -> Bound:
        match step:
            case AgentStep():
                return self._agent(step, definition)
            case GenerateStep():
                return self._calls(step, None, definition.defaults, step.attempts * step.samples)
            case ToolStep():
                return Bound(tool_calls=1, unknown=self._unknown((step.tool,)))
            case MapStep():
                return self._body(step.steps, definition, above, into).times(_longest(step, definition))
            case BranchStep():
                ways = [case.steps for case in step.cases] + ([step.otherwise.steps] if step.otherwise else [])
                return reduce(_dearer, [self._body(way, definition, above, into) for way in ways])
            case LoopStep():
                return self._body(step.steps, definition, above, into).times(step.max_rounds)
            case PipelineStep():
                other = self.known.pipeline(step.pipeline)
                if other is None or step.pipeline in above or len(above) > 20:
                    return Bound(unknown=frozenset({step.pipeline}))
                return self.run(other, above).capped
            case ParallelStep():
                asked = [self._agent(one, definition) for one in step.members]
                judge = step.decide.judge if step.decide is not None else None
                return reduce(Bound.__add__, [*asked, *([self._agent(judge, definition)] if judge else [])])
            case HandoffStep():
                each = [self._agent(one, definition) for one in step.agents.values()]
                return reduce(_dearer, each).times(step.max_handoffs + 1)
            case TransformStep() | ApprovalStep() | WaitStep():
                return Bound()
            case _:
                assert_never(step)

    def _agent(self, worker: Worker, definition: Pipeline) -> Bound:
        named = definition.agents.get(worker.agent) if worker.agent is not None else None
        most = worker.max_steps or (named.max_steps if named else None) or definition.defaults.max_steps
        tools = worker.tools or (named.tools if named else ())
        return self._calls(worker, named, definition.defaults, most) + Bound(unknown=self._unknown(tools))

    def _unknown(self, tools: Iterable[str]) -> frozenset[str]:
        """Which pipelines a tool runs is said when it is called."""
        if self.known.tools is not None and RUN_PIPELINE not in self.known.tools:
            return frozenset()
        return frozenset({RUN_PIPELINE}) if any(fnmatchcase(RUN_PIPELINE, one) for one in tools) else frozenset()

    def _calls(self, work: ModelWork, named: Agent | None, defaults: Defaults, count: int) -> Bound:
        said = call_said(work, named, defaults)
        one = self.price(said)
        paid = count * self.paid_attempts
        return Bound(
            model_calls=count,
            input_tokens=one.input_tokens * paid,
            output_tokens=one.output_tokens * paid,
            cost=(one.cost or Decimal(0)) * paid,
            unpriced=frozenset(said.models or ("auto",)) if one.cost is None else frozenset(),
        )


def call_said(work: ModelWork, named: Agent | None, defaults: Defaults) -> CallSaid:
    """What holds of a call: what the step says, else its agent, else the pipeline. A nearer model brings its own fallbacks."""
    layers: list[ModelWork] = [work, *([named] if named is not None else []), defaults]
    chosen = next((one for one in layers if one.model is not None), None)
    fallbacks = next((one.fallback_models for one in layers if one.fallback_models), ())
    if chosen is not None and not chosen.fallback_models:
        nearer = layers[: layers.index(chosen) + 1]
        fallbacks = next((one.fallback_models for one in nearer if one.fallback_models), ())
    models = ((chosen.model,) if chosen is not None and chosen.model is not None else ()) + tuple(fallbacks)
    return CallSaid(
        models,
        next((one.max_input_tokens for one in layers if one.max_input_tokens is not None), None),
        next((one.max_output_tokens for one in layers if one.max_output_tokens is not None), None),
    )


def _longest(step: MapStep, definition: Pipeline) -> int:
    if isinstance(step.over, list):
        return min(len(step.over), step.max_items)
    if isinstance(step.over, str):
        # An input's schema may say how long it is at most; inputs are checked against it before a run.
        name = step.over.strip().removeprefix("{{").removesuffix("}}").strip().removeprefix("inputs.")
        most = definition.inputs.get(name, {}).get("maxItems")
        if isinstance(most, int) and not isinstance(most, bool) and definition.inputs[name].get("type") == "array":
            return max(0, min(most, step.max_items))
    return step.max_items


def _under(total: Bound, budget: Budget | None) -> Bound:
    """Under a budget, which is reserved before anything is spent. Its tokens bound input and output together."""
    if budget is None:
        return total
    cost = total.cost if budget.cost is None else budget.cost if not total.proven else min(total.cost, budget.cost)
    calls = total.model_calls if budget.calls is None else min(total.model_calls, budget.calls)
    tokens = total.input_tokens + total.output_tokens if budget.tokens is None else budget.tokens
    return replace(
        total,
        cost=cost,
        model_calls=calls,
        input_tokens=min(total.input_tokens, tokens),
        output_tokens=min(total.output_tokens, tokens),
        unpriced=total.unpriced if budget.cost is None else frozenset(),
        unknown=total.unknown if budget.cost is None else frozenset(),
    )


def _dearer(one: Bound, two: Bound) -> Bound:
    return _joined(one, two, max, max)


def _joined(
    one: Bound, two: Bound, count: Callable[[int, int], int], money: Callable[[Decimal, Decimal], Decimal]
) -> Bound:
    return Bound(
        count(one.steps, two.steps),
        count(one.model_calls, two.model_calls),
        count(one.tool_calls, two.tool_calls),
        count(one.input_tokens, two.input_tokens),
        count(one.output_tokens, two.output_tokens),
        money(one.cost, two.cost),
        one.unpriced | two.unpriced,
        one.unknown | two.unknown,
    )
