"""What comes in and goes out with policies' texts: problems with their lines, `If-Match`, the catalog's names."""

from typing import Any

from api.problems import HttpError
from contracts.errors import ErrorKind, PerdureError
from domain.policies.problems import PolicyError, PolicyProblem

WORKSPACE = "workspace"
"""What problems call a policy that was sent."""
_LAST = 2**31 - 1


class InvalidPolicyError(HttpError):
    """A policy that cannot be in force; the member `errors` lists everything that was found."""

    status = 400
    title = "The policy is not valid."

    def __init__(self, error: PolicyError) -> None:
        first, count = error.errors[0], len(error.errors)
        more = f" There are {count} errors; `errors` lists them." if count > 1 else ""
        place = f"line {first.line}, column {first.column}: " if first.line is not None else ""
        named = f"{first.field}: " if first.field else ""
        super().__init__(ErrorKind.INVALID_REQUEST, f"{place}{named}{first.message}{more}", field=first.field or None)
        self.members = {"errors": [problem_members(one) for one in error.problems]}


def problem_members(problem: PolicyProblem) -> dict[str, Any]:
    """A problem as JSON."""
    return {
        "severity": problem.severity,
        "message": problem.message,
        "source": problem.source,
        "line": problem.line,
        "column": problem.column,
        "field": problem.field,
    }


def expected_number(if_match: str | None) -> int | None:
    """The version that `If-Match` names (RFC 9110, 13.1.1); None without one, and for `*`. Raises `invalid_request`."""
    if if_match is None or if_match.strip() == "*":
        return None
    number = if_match.strip().removeprefix("W/").strip('"')
    if not (number.isascii() and number.isdigit()) or len(number) > len(str(_LAST)):
        message = 'If-Match: send the ETag that GET /api/policies gave, as in "3".'
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field="If-Match")
    return int(number)


def decode_number(cursor: str) -> int:
    """The number in a cursor. Raises `invalid_request`."""
    if not (cursor.isascii() and cursor.isdigit()) or int(cursor[:11]) > _LAST:
        message = "cursor: send the next_cursor of a former answer, unchanged."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field="cursor")
    return int(cursor)


def version_number(text: str) -> int:
    """The number in a path. Raises `not_found`: what is not a number names nothing."""
    if not (text.isascii() and text.isdigit()) or int(text[:11]) > _LAST:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no version {text[:20]!r} of this workspace's policy.")
    return int(text)


def text_body(example: str) -> dict[str, Any]:
    """The OpenAPI part of a body that is a policy's text."""
    schema = {"schema": {"type": "string"}, "example": example}
    return {
        "requestBody": {
            "required": True,
            "content": {"application/yaml": schema, "application/json": {"schema": {"type": "object"}}},
        }
    }
