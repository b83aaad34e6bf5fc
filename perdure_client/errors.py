"""What the client raises."""

from typing import Any


class AIServiceError(Exception):
    """Perdure refused a request or cannot be reached. `kind` is its kind of error, `field` what is wrong.

    `status` is the HTTP status. A model that fails raises nothing: its failure is the response's `error`.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "unavailable",
        status: int | None = None,
        field: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.status = status
        self.field = field
        self.details = details or {}
