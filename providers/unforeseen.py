"""Exceptions that no adapter foresees: an answer in a shape that the SDK cannot read, or a fault of our own."""

import logging

from contracts.errors import ErrorKind, ProviderError

_log = logging.getLogger("perdure.providers")


def unforeseen(error: Exception, *, provider: str) -> ProviderError:
    """The error that the caller sees, which is worth another attempt. The log says where it happened.

    Words of the exception are in neither: they may quote the answer.
    """
    _log.warning("an answer of %s could not be read", provider, exc_info=error)
    message = f"{provider} sent something that could not be read ({type(error).__name__}): ask again"
    return ProviderError(ErrorKind.UNAVAILABLE, message, provider=provider)
