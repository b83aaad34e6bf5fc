"""What may still be spent, before anybody is asked."""

from collections.abc import AsyncIterator

from activities.runs.ending import StepFailedError
from activities.runs.present import Present
from contracts.errors import ErrorKind
from contracts.pipelines.base import Budget
from contracts.runs import Place
from storage import runs


async def afford(present: Present) -> None:
    """Raises StepFailedError where a budget of the run, of the step, or of what is around it is used up."""
    run = present.run
    locked = False
    async for what, budget, steps, place in _budgets(present):
        if not locked:
            # Steps beside each other count one after the other.
            await runs.find(run.connection, run.id, lock=True)
            locked = True
        spent = await runs.spent(run.connection, run.id, steps=steps, place=place)
        for field, unit in (("cost", " USD"), ("tokens", " tokens"), ("calls", " calls")):
            limit, so_far = getattr(budget, field), getattr(spent, field)
            if limit is not None and so_far >= limit:
                said = f"The budget of {what} is used up: {so_far:f} of {limit:f}{unit}. Raise it, and retry."
                if field != "cost":
                    said = f"The budget of {what} is used up: {so_far:,} of {limit:,}{unit}. Raise it, and retry."
                raise StepFailedError(ErrorKind.BUDGET_EXCEEDED, said, final=True)


async def _budgets(present: Present) -> AsyncIterator[tuple[str, Budget, tuple[str, ...] | None, Place]]:
    run = present.run
    whole = run.row.budget or run.program.definition.budget
    if whole is not None:
        yield "the run", whole, None, ()
    for name in (*present.here.owners, present.row.step_id):
        budget = run.program.steps[name].step.budget
        if budget is not None:
            yield f"the step {name!r}", budget, run.program.inside(name), run.program.place_of(name, present.row.place)
