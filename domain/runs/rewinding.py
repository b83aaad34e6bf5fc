"""Going back in a run: what follows from a step, and so is run anew when that is."""

from domain.runs.program import Program


def outermost(program: Program, step_id: str) -> str:
    """The step of the pipeline's own list that is this one, or has it in it."""
    owners = program.steps[step_id].owners
    return owners[0] if owners else step_id


def following(program: Program, step_id: str) -> frozenset[str]:
    """A step of the pipeline's own list and all that come after it, with the steps in them and their fallbacks."""
    late: set[str] = set()
    waiting = [step_id]
    while waiting:
        name = waiting.pop()
        if name in late:
            continue
        late.add(name)
        for one in program.plan.body.steps:
            if name in one.needs or one.stands_in_for == name or one.fallback == name:
                waiting.append(one.id)
    return frozenset(name for one in late for name in program.inside(one))
