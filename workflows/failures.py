"""Reading an activity's failure: its kind and what it says beside."""

from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, TimeoutError

from contracts.activities import FailureDetail
from contracts.errors import ErrorKind


def read_failure(error: ActivityError) -> tuple[FailureDetail, str]:
    """The kind of a failed `complete`, and its message.

    Temporal's own timeouts mean that no worker could finish in time; a kind that this code does not know is `internal`.
    """
    match error.cause:
        case CancelledError():
            return FailureDetail(kind=ErrorKind.CANCELLED, final=True), "The turn was cancelled."
        case TimeoutError() as timeout:
            return FailureDetail(kind=ErrorKind.TIMEOUT), f"The step did not finish in time ({timeout.message})."
        case ApplicationError(type=kind, details=details, message=message):
            if details:
                return FailureDetail.model_validate(details[0]), message
            known = kind in ErrorKind.__members__.values()
            return FailureDetail(kind=ErrorKind(kind) if known and kind else ErrorKind.INTERNAL), message
        case _:
            return FailureDetail(kind=ErrorKind.INTERNAL), str(error.cause or error)
