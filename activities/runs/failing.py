"""What failed within a step, in one sentence."""

from activities.runs.present import Present
from contracts.errors import ErrorKind, PerdureError
from contracts.runs import Place
from storage import steps


async def inner_failure(present: Present, failed: str, place: Place) -> PerdureError:
    """Why a step within failed; its own words, after its name."""
    found = await steps.some(present.connection, present.run.id, [(failed, place)])
    row = found.get((failed, place))
    if row is None or row.error_kind is None:
        return PerdureError(ErrorKind.INTERNAL, f"The step {failed!r} failed.")
    return PerdureError(ErrorKind(row.error_kind), f"In {failed!r}: {row.error_message}")
