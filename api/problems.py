"""Errors that only HTTP has."""

from contracts.errors import PerdureError


class BodyTooLargeError(PerdureError):
    """A request body beyond the limit: 413."""


class UnauthenticatedError(PerdureError):
    """No key, or one that is not known: 401."""
