"""Answers that are no answers: the provider's filter ended them, or the model declined."""

from contracts.errors import ErrorKind, ProviderError
from contracts.events import Finished, FinishReason
from contracts.parts import Part, RefusalPart


def refusal_of(finished: Finished, parts: tuple[Part, ...], *, provider: str) -> ProviderError | None:
    """The failure that such an answer is where another model may be asked; None for a proper answer."""
    if finished.finish_reason is not FinishReason.CONTENT_FILTER and not any(
        isinstance(part, RefusalPart) for part in parts
    ):
        return None
    return ProviderError(
        ErrorKind.CONTENT_REFUSED,
        f"{provider} declined the content.",
        provider=provider,
        provider_code=finished.finish_reason.value,
    )
