"""What may still be spent: budgets of runs and steps, kept as hard ones and looked at before anybody is asked."""

from collections.abc import Iterator
from decimal import Decimal

from activities.runs.ending import StepFailedError
from activities.runs.present import Present
from contracts.budgets import AccountKey, Unit
from contracts.errors import ErrorKind
from contracts.ids import run_budget
from contracts.pipelines.base import Budget
from contracts.runs import Place
from domain.budgets.windows import ALWAYS
from storage import budget_accounts, run_budgets, runs
from storage.run_budgets import RunBudget

_SAID = {Unit.USD: " USD", Unit.TOKENS: " tokens", Unit.REQUESTS: " calls"}


def counted_by(present: Present) -> tuple[str, ...]:
    """The budgets of runs and steps that count what is asked here. The run's own may come later, and counts from then on."""
    run = present.run
    steps = [
        run_budget(run.id, name, run.program.place_of(name, present.row.place))
        for name in (*present.here.owners, present.row.step_id)
        if run.program.steps[name].step.budget is not None
    ]
    return (*run.row.within, run_budget(run.id), *steps)


async def afford(present: Present) -> None:
    """Raises StepFailedError where a budget of the run, of the step, or of what is around it is used up.

    What is left is reserved when the question is asked; here it is only said in time, and in better words.
    """
    run = present.run
    budgets = list(_budgets(present))
    if not budgets:
        return
    kept = await run_budgets.of_run(run.connection, run.id)
    for name, budget, place in budgets:
        for unit, limit in run_budgets.limits(budget).items():
            what = f"the step {name!r}" if name else "the run"
            one = kept.get((run_budget(run.id, name), unit))
            if one is None:
                one = await _kept(present, name, unit, limit)
            if one is None:
                raise _used_up(what, limit, limit, unit)
            subject = ".".join(map(str, place))
            key = AccountKey(one.id, subject, ALWAYS)
            totals = await budget_accounts.totals(run.connection, key, forgotten=ALWAYS)
            spent = one.before + (totals.spent if totals is not None else Decimal(0))
            if spent >= one.limit:
                raise _used_up(what, spent, one.limit, unit)


async def _kept(present: Present, name: str, unit: Unit, limit: Decimal) -> RunBudget | None:
    """Keep the budget; None where nothing of it is left."""
    run = present.run
    await runs.find(run.connection, run.id, lock=True)
    value = run_budget(run.id, name)
    # Somebody else may have been first.
    one = (await run_budgets.of_run(run.connection, run.id)).get((value, unit))
    if one is not None:
        return one
    before = Decimal(0)
    if not name:
        before = run_budgets.limits(await runs.spent(run.connection, run.id))[unit]
    if before >= limit:
        return None
    title = f"{run.row.name}: {name}" if name else run.row.name
    return await run_budgets.add(
        run.connection,
        run.id,
        unit,
        limit,
        workspace_id=run.row.workspace_id,
        value=value,
        title=title,
        before=before,
        now=present.now,
    )


def _used_up(what: str, spent: Decimal, limit: Decimal, unit: Unit) -> StepFailedError:
    shown = f"{spent:f} of {limit:f}" if unit is Unit.USD else f"{spent:,.0f} of {limit:,.0f}"
    said = f"The budget of {what} is used up: {shown}{_SAID[unit]}. Raise it, and retry."
    return StepFailedError(ErrorKind.BUDGET_EXCEEDED, said, final=True)


def _budgets(present: Present) -> Iterator[tuple[str, Budget, Place]]:
    """The step's name ("" for the run), its budget, and where it stands."""
    run = present.run
    whole = run.row.budget or run.program.definition.budget
    if whole is not None:
        yield "", whole, ()
    for name in (*present.here.owners, present.row.step_id):
        budget = run.program.steps[name].step.budget
        if budget is not None:
            yield name, budget, run.program.place_of(name, present.row.place)
