"""From a call that ended to what it shows about its model."""

from datetime import datetime

from contracts.errors import ErrorKind, PerdureError, ProviderError
from contracts.health import Observed
from contracts.models import ModelRef
from contracts.usage import Usage
from providers.pool import OWN_LIMIT


def observed_call(
    model: ModelRef,
    *,
    began: datetime,
    ended: datetime,
    error: PerdureError | None,
    stopped: bool,
    first_token_ms: int | None,
    usage: Usage | None,
) -> Observed | None:
    """What the call shows, or None for one that never reached the provider.

    `stopped`: somebody stopped it. Without `error` and `stopped` it was answered.
    """
    if isinstance(error, ProviderError) and error.provider_code == OWN_LIMIT:
        return None
    kind = ErrorKind.CANCELLED if stopped else error.kind if error else None
    return Observed(
        model=model,
        began=began,
        seconds=max(0.0, (ended - began).total_seconds()),
        kind=kind,
        first_token=None if first_token_ms is None else first_token_ms / 1000,
        output_tokens=usage.output if usage else 0,
        status=error.status if isinstance(error, ProviderError) else None,
        retry_after=error.retry_after if isinstance(error, ProviderError) else None,
    )
