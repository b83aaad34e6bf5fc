"""Errors that only HTTP has, each with its status and the headers that go with it."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from contracts.errors import ErrorKind, PerdureError


class HttpError(PerdureError):
    """An error whose status does not follow from its kind. `title` is the same for every occurrence (RFC 9457)."""

    status: ClassVar[int]
    title: ClassVar[str]
    headers: ClassVar[dict[str, str]] = {}
    members: Mapping[str, Any] = {}
    """Further members of the problem (RFC 9457, 3.2)."""


class BodyTooLargeError(HttpError):
    """A request body beyond the limit."""

    status = 413
    title = "The request's body is too large."

    def __init__(self, limit: int) -> None:
        super().__init__(ErrorKind.INVALID_REQUEST, f"The request's body is larger than {limit:,} bytes. Send less.")


class UnauthenticatedError(HttpError):
    """No key, or one that is not known."""

    status = 401
    title = "The key is missing or not known."
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}

    def __init__(self, message: str) -> None:
        super().__init__(ErrorKind.ACCESS_DENIED, message)


class AwayError(HttpError):
    """A part that we need (database, Temporal) cannot be reached for the moment."""

    status = 503
    title = "A part of Perdure cannot be reached."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}

    def __init__(self, part: str) -> None:
        super().__init__(ErrorKind.UNAVAILABLE, f"{part} cannot be reached for the moment. Try again.")


class NoRouteError(HttpError):
    """Nothing is served at that path."""

    status = 404
    title = "There is nothing at this path."

    def __init__(self, method: str, path: str) -> None:
        message = f"There is nothing at {method} {path[:200]}. /docs lists what there is."
        super().__init__(ErrorKind.NOT_FOUND, message)


class WrongMethodError(HttpError):
    """The path is served, but not with that method."""

    status = 405
    title = "This path does not take this method."

    def __init__(self, method: str, path: str, allowed: str) -> None:
        message = f"{path[:200]} does not take {method}; it takes {allowed or 'another method'}."
        super().__init__(ErrorKind.INVALID_REQUEST, message)


class StaleError(HttpError):
    """`If-Match` names another version than the newest."""

    status = 412
    title = "Somebody else changed this since it was read."

    def __init__(self, error: PerdureError) -> None:
        super().__init__(ErrorKind.CONFLICT, error.message, field="If-Match", detail=error.detail)


class TurnFailedError(PerdureError):
    """A turn that ended without an answer. Its retries and fallbacks are behind it."""

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        turn_id: UUID,
        *,
        field: str | None = None,
        detail: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind, message, field=field, detail={"turn_id": str(turn_id), **(detail or {})})
        self.turn_id = turn_id
