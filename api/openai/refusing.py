"""Saying what is wrong with a parameter."""

from contracts.errors import ErrorKind, PerdureError


def invalid(param: str, message: str) -> PerdureError:
    """The error for a parameter, named by its path."""
    return PerdureError(ErrorKind.INVALID_REQUEST, f"{param}: {message}.", field=param)
