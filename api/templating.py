"""Templates by name: a workspace's own, else those that come with Perdure."""

from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ErrorKind, PerdureError
from domain.templates.document import TemplateDocument
from domain.templates.shipped import SHIPPED, SHIPPED_VERSION
from storage import documents
from storage.documents import Stored


@dataclass(frozen=True, slots=True)
class NamedTemplate:
    """A template with its name and version. Shipped ones have the version 0 and no date."""

    name: str
    version: int
    document: TemplateDocument
    created_at: datetime | None = None


async def find_template(
    connection: AsyncConnection, name: str, *, workspace_id: UUID, field: str | None = None
) -> NamedTemplate:
    """The newest version of a name, or `name@version`. Raises `not_found` with near names."""
    plain, at, version = name.partition("@")
    if at and not (version.isdigit() and len(version) < 9):
        raise PerdureError(ErrorKind.NOT_FOUND, f"{name[:100]!r} ends in no version.", field=field)
    wanted = int(version) if at else None
    stored = None
    if wanted != SHIPPED_VERSION:
        stored = await documents.find(connection, "templates", plain, workspace_id=workspace_id, version=wanted)
    if stored is not None:
        return _named(stored)
    if plain in SHIPPED and wanted in (None, SHIPPED_VERSION):
        return NamedTemplate(plain, SHIPPED_VERSION, SHIPPED[plain])
    known = [one.name for one in await all_templates(connection, workspace_id=workspace_id)]
    near = get_close_matches(plain, known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known[:20])}."
    raise PerdureError(ErrorKind.NOT_FOUND, f"There is no template {name[:100]!r}. {hint}", field=field)


async def all_templates(connection: AsyncConnection, *, workspace_id: UUID) -> list[NamedTemplate]:
    """The newest of each name, the workspace's own and those shipped, by name."""
    own = [_named(one) for one in await documents.listed(connection, "templates", workspace_id=workspace_id)]
    names = {one.name for one in own}
    shipped = [NamedTemplate(name, SHIPPED_VERSION, one) for name, one in SHIPPED.items() if name not in names]
    return sorted((*own, *shipped), key=lambda one: one.name)


def _named(stored: Stored) -> NamedTemplate:
    return NamedTemplate(
        stored.name, stored.version, TemplateDocument.model_validate(stored.document), stored.created_at
    )
