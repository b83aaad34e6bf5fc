"""The schema that a caller asks for: given, or by the name under which the workspace keeps one."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from api.naming import Names
from contracts.ai_steps import AnswerWish, SchemaMode
from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef
from contracts.routing import Capability
from domain.structured.judging import check_schema
from storage import documents


async def definition_of(
    connection: AsyncConnection, given: dict[str, Any] | str, *, workspace_id: UUID, field: str
) -> tuple[str, dict[str, Any]]:
    """Its name and definition. A named one may end in `@version`. Raises `not_found`, and `invalid_request` for what is none."""
    if not isinstance(given, str):
        check_schema(given, field=field)
        return "answer", given
    name, at, version = given.partition("@")
    if at and not version.isdigit():
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"{field}: {given[:100]!r} ends in no version.", field=field)
    found = await documents.find(
        connection, "answer_schemas", name, workspace_id=workspace_id, version=int(version) if at else None
    )
    if found is None:
        known = [one.name for one in await documents.listed(connection, "answer_schemas", workspace_id=workspace_id)]
        there = f"There are: {', '.join(known[:20])}." if known else "PUT /api/schemas/NAME stores one."
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no schema {given[:100]!r}. {there}", field=field)
    return name, found.document


def answer_wish(
    name: str,
    definition: dict[str, Any],
    models: tuple[ModelRef, ...],
    names: Names,
    *,
    mode: SchemaMode = "auto",
    corrections: int = 2,
    samples: int = 1,
) -> AnswerWish:
    """The wish. `auto` holds models to the schema where all that are named can be; routing chooses only those that can."""
    native = mode == "native" or (
        mode == "auto" and all(Capability.JSON_SCHEMA in names.catalog.entry(model).capabilities for model in models)
    )
    return AnswerWish(name=name, definition=definition, native=native, corrections=corrections, samples=samples)
