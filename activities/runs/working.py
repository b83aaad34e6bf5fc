"""Steps in which models work: one agent, one structured answer, a panel, a handoff."""

from collections.abc import Awaitable, Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from activities.runs.agreeing import agreed
from activities.runs.called_runs import run_called
from activities.runs.ending import StepFailedError, complete, found_again
from activities.runs.present import Present
from activities.runs.threads import Answered, Asking, Calling, Lost, Pending, Standing, advance
from contracts.errors import ErrorKind
from contracts.pipelines.agents import Judging, Worker
from contracts.pipelines.steps import AgentStep, GenerateStep, HandoffStep, ParallelStep
from contracts.requests import FunctionTool, Tool
from contracts.run_activities import Ask, Await, CallTools, Ended, RunPipeline
from domain.runs.asking import Said, max_steps_of, named_agent, said_by_generate, said_by_worker, tools_of
from domain.runs.reading import roots_of
from domain.runs.voting import voted
from domain.structured.agreeing import agreed as most_agreed

Busy = Ask | CallTools | Await | RunPipeline


async def agent(present: Present, step: AgentStep) -> Ended | Busy:
    """One agent works until it has an answer."""
    if step.cache is not None and "threads" not in present.progress:
        said = await worker_says(present, step)
        again = await found_again(present, step.model_dump(mode="json"), [one.model_dump() for one in said.messages])
        if again is not None:
            return again
    asking = asking_of(present, "agent", step, lambda: worker_says(present, step))
    (standing,) = await _all(present, [asking])
    if isinstance(standing, Answered):
        return await complete(present, standing.value)
    return await busy(present, [standing])


async def generate(present: Present, step: GenerateStep) -> Ended | Busy:
    """One structured answer, or the one that most samples agree on."""

    async def said() -> Said:
        texts = (step.prompt, step.instructions, [one.content for one in step.messages])
        return said_by_generate(step, await present.names(roots_of(texts)))

    if step.cache is not None and "threads" not in present.progress:
        prompt = [one.model_dump() for one in (await said()).messages]
        again = await found_again(present, step.model_dump(mode="json", by_alias=True), prompt)
        if again is not None:
            return again
    askings = [Asking(str(number), step, None, said, step.attempts) for number in range(step.samples)]
    standings = await _all(present, askings)
    answered = [one for one in standings if isinstance(one, Answered)]
    if not answered or any(isinstance(one, Pending | Calling) for one in standings):
        return await busy(present, standings)
    best, share = most_agreed([one.value for one in answered])
    # A sample without an answer agrees with none.
    confidence = share * len(answered) / len(standings)
    return await complete(
        present, answered[best].value, confidence=confidence, attempts=max(one.turns for one in answered)
    )


async def parallel(present: Present, step: ParallelStep) -> Ended | Busy:
    """Several agents are asked at once; a judge or a vote makes one answer of theirs."""
    askings = [_member(present, one, step) for one in step.members]
    standings = await _all(present, askings)
    if any(isinstance(one, Pending | Calling) for one in standings):
        return await busy(present, standings)
    members = {
        member.name: one.value for member, one in zip(step.members, standings, strict=True) if isinstance(one, Answered)
    }
    if len(members) < (step.min_answers or len(step.members)):
        return await busy(present, standings)
    if step.decide is None or (step.decide.judge is None and step.decide.vote is None):
        return await complete(present, members, members=members)
    if step.decide.vote is not None:
        return await complete(present, voted(step.decide.vote, members), members=members)
    judge = step.decide.judge or Judging()
    own = {"members": members}
    asking = asking_of(present, "judge", judge, lambda: worker_says(present, judge, own=own))
    (standing,) = await _all(present, [asking])
    if isinstance(standing, Answered):
        return await complete(present, standing.value, members=members)
    return await busy(present, [standing])


def _member(present: Present, worker: Any, step: ParallelStep) -> Asking:
    return asking_of(present, worker.name, worker, lambda: worker_says(present, worker, around=step))


def asking_of(
    present: Present,
    thread: str,
    worker: Worker,
    said: Callable[[], Awaitable[Said]],
    extra: Sequence[FunctionTool] = (),
) -> Asking:
    """How an agent is asked."""
    definition = present.run.program.definition
    tools = (*_tools(present, tools_of(worker, definition)), *extra)
    return Asking(thread, worker, named_agent(worker, definition), said, max_steps_of(worker, definition), tools)


async def worker_says(
    present: Present,
    worker: Worker,
    *,
    around: ParallelStep | HandoffStep | None = None,
    own: dict[str, Any] | None = None,
    before: str = "",
) -> Said:
    """An agent's prompt. `own` are names for it alone; `before` is what was handed over."""
    definition = present.run.program.definition
    named = named_agent(worker, definition)
    texts: list[Any] = []
    for one in (worker, named):
        texts += [one.role, one.goal, one.instructions] if one is not None else []
    for asked in (worker, around):
        texts += [asked.prompt, asked.input] if asked is not None else []
    texts += [one.content for one in worker.messages]
    names = {**await present.names(roots_of(texts)), **(own or {})}
    return said_by_worker(worker, definition, names, around=around, before=before)


def _tools(present: Present, patterns: tuple[str, ...]) -> tuple[Tool, ...]:
    """What is offered of the deployment's tools. A pattern that matches none offers none; a name has to be there."""
    known = {one.name: one for one in present.world.tools.definitions()}
    names: dict[str, None] = {}
    for pattern in patterns:
        matching = [name for name in known if fnmatchcase(name, pattern)]
        if not matching and not set(pattern) & set("*?["):
            raise StepFailedError(
                ErrorKind.NOT_FOUND, f"The tool {pattern!r} is not registered in this deployment.", final=True
            )
        names |= dict.fromkeys(matching)
    return tuple(
        FunctionTool(name=name, description=known[name].description, parameters=known[name].parameters)
        for name in names
    )


async def _all(present: Present, askings: list[Asking]) -> list[Standing]:
    return [await advance(present, one) for one in askings]


async def busy(present: Present, standings: Sequence[Standing]) -> Busy:
    """What the threads need. Raises what the first of them was lost by, where nothing else is to be done."""
    pending = tuple(one.turn_id for one in standings if isinstance(one, Pending))
    if pending:
        return Ask(turn_ids=pending)
    calls: dict[str, Any] = present.progress.setdefault("calls", {})
    open_calls = []
    for one in standings:
        if isinstance(one, Calling):
            for key, call in one.calls.items():
                known = calls.setdefault(key, {"id": call.id, "name": call.name, "arguments": call.arguments})
                if "part" not in known:
                    open_calls.append(key)
    if open_calls:
        waiting = await agreed(present, open_calls)
        # A call that was rejected has its result; the step that goes on with it finds it there.
        # Runs before tools: a tool's failure is told once, and everything else has to be there then.
        return waiting or await run_called(present, open_calls) or CallTools(calls=tuple(open_calls))
    raise next(one.error for one in standings if isinstance(one, Lost))
