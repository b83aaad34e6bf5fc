"""One call of a tool, from the model's text to what came of it. It never raises for what a tool does."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import TypeVar, assert_never

from contracts.parts import TextPart
from contracts.tools import ToolCall, ToolEffects, ToolError, ToolOutcome, ToolResult
from tools.arguments import read_arguments
from tools.limits import bounded
from tools.protocol import Arguments, CallContext, JudgedByArguments, Reconcilable, Tool, ToolOutput

_T = TypeVar("_T")


async def call(tool: Tool, asked: ToolCall, *, now: datetime) -> ToolResult:
    """Check the arguments, run the tool within its time limit, and say how it ended.

    An unsafe call that may have begun before is not made again: its outcome is unknown. A reconcilable one is looked up first.
    Only cancellation is raised; then the effect may have happened.
    """
    try:
        arguments = read_arguments(tool.definition, asked.arguments)
    except ToolError as problem:
        return _ended(asked, ToolOutcome.FAILED, problem)
    effects = effects_of(tool, arguments)
    context = CallContext(asked.workspace_id, asked.idempotency_key, now)
    if asked.begun_before and effects.retry == "unsafe":
        return _ended(asked, ToolOutcome.UNKNOWN, _lost(asked.name))
    try:
        output = await _found_done(tool, asked, arguments, context, effects)
        if output is None:
            output = await _within(effects.timeout, tool.run(arguments, context), asked.name)
    except ToolError as problem:
        return await _failed(tool, asked, arguments, context, effects, problem)
    except Exception as problem:
        # Only the type is told: a foreign message may hold an address with a password.
        said = ToolError(f"The tool {asked.name} broke down ({type(problem).__name__}).", maybe_done=True)
        return await _failed(tool, asked, arguments, context, effects, said)
    return _done(asked, output, effects)


def effects_of(tool: Tool, arguments: Arguments) -> ToolEffects:
    """What a call with these arguments does; the arguments are valid by the tool's schema."""
    return tool.effects_of(arguments) if isinstance(tool, JudgedByArguments) else tool.definition.effects


async def _within(seconds: float, running: Awaitable[_T], name: str) -> _T:
    try:
        async with asyncio.timeout(seconds) as limit:
            return await running
    except TimeoutError:
        if not limit.expired():
            raise
        raise ToolError(
            f"The tool {name} gave no answer within {seconds:g} seconds.", maybe_done=True, temporary=True
        ) from None


async def _found_done(
    tool: Tool, asked: ToolCall, arguments: Arguments, context: CallContext, effects: ToolEffects
) -> ToolOutput | None:
    """What an earlier try answered, where one may have been made and the tool can say."""
    if not asked.begun_before or effects.retry != "reconcile":
        return None
    if not isinstance(tool, Reconcilable):
        raise _lost(asked.name)
    try:
        return await _within(effects.timeout, tool.reconcile(arguments, context), asked.name)
    except ToolError as problem:
        raise ToolError(problem.message, maybe_done=True, retry_after=problem.retry_after) from None


async def _failed(
    tool: Tool,
    asked: ToolCall,
    arguments: Arguments,
    context: CallContext,
    effects: ToolEffects,
    problem: ToolError,
) -> ToolResult:
    """How a call ended that raised. Where nobody knows, a tool that can find out is asked, once."""
    if not problem.maybe_done:
        return _ended(asked, ToolOutcome.FAILED, problem)
    match effects.retry:
        case "safe":
            again = ToolError(problem.message, temporary=True, retry_after=problem.retry_after)
            return _ended(asked, ToolOutcome.FAILED, again)
        case "unsafe":
            return _ended(asked, ToolOutcome.UNKNOWN, problem)
        case "reconcile":
            return await _looked_up(tool, asked, arguments, context, effects, problem)
        case _:
            assert_never(effects.retry)


async def _looked_up(
    tool: Tool, asked: ToolCall, arguments: Arguments, context: CallContext, effects: ToolEffects, problem: ToolError
) -> ToolResult:
    if asked.begun_before or not isinstance(tool, Reconcilable):
        return _ended(asked, ToolOutcome.UNKNOWN, problem)
    try:
        found = await _within(effects.timeout, tool.reconcile(arguments, context), asked.name)
    except Exception:
        return _ended(asked, ToolOutcome.UNKNOWN, problem)
    if found is not None:
        return _done(asked, found, effects)
    return _ended(
        asked, ToolOutcome.FAILED, ToolError(problem.message, temporary=True, retry_after=problem.retry_after)
    )


def _done(asked: ToolCall, output: ToolOutput, effects: ToolEffects) -> ToolResult:
    within = bounded(output, effects)
    return ToolResult(
        call_id=asked.id,
        name=asked.name,
        outcome=ToolOutcome.OK,
        content=within.content,
        data=within.data,
        truncated=within.truncated,
        cost=effects.cost,
    )


def _lost(name: str) -> ToolError:
    return ToolError(f"An earlier try of this call of {name} may have begun, and its result was lost.", maybe_done=True)


def _ended(asked: ToolCall, outcome: ToolOutcome, problem: ToolError) -> ToolResult:
    message = problem.message
    if outcome is ToolOutcome.UNKNOWN:
        message += " Whether it took effect is unknown. Do not repeat it: find out first, or ask a person."
    return ToolResult(
        call_id=asked.id,
        name=asked.name,
        outcome=outcome,
        content=(TextPart(text=message),),
        temporary=problem.temporary and outcome is ToolOutcome.FAILED,
        retry_after=problem.retry_after,
    )
