"""The second translation door: our errors become Temporal failures whose type is the kind."""

from datetime import timedelta

from temporalio.exceptions import ApplicationError

from contracts.activities import FailureDetail
from contracts.budgets import OnExceeded
from contracts.errors import PerdureError, ProviderError
from domain.retries import Again, GiveUp


def failure(
    error: PerdureError,
    verdict: Again | GiveUp,
    *,
    final: bool = False,
    squeezable: bool = False,
    on_exceeded: OnExceeded | None = None,
    renews_in: float | None = None,
) -> ApplicationError:
    """The Temporal failure of `error`: retryable after the verdict's delay, or not at all."""
    detail = FailureDetail(
        kind=error.kind,
        prefill_refused=isinstance(error, ProviderError) and error.prefill_refused,
        final=final,
        squeezable=squeezable,
        on_exceeded=on_exceeded,
        renews_in=renews_in,
        detail=None if on_exceeded is None else error.detail,
    )
    again = isinstance(verdict, Again) and not final
    return ApplicationError(
        error.message,
        detail,
        type=error.kind.value,
        non_retryable=not again,
        next_retry_delay=timedelta(seconds=verdict.delay) if again and isinstance(verdict, Again) else None,
    )
