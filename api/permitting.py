"""What a key may use: models that it may not are not shown to it."""

from api.doors import Doors
from contracts.errors import ErrorKind, PerdureError
from domain.catalog import Catalog, ModelEntry
from domain.routing.permitting import Permit
from storage.keys import ApiKey


def permit_of(doors: Doors, caller: ApiKey) -> Permit:
    """What the key may use, by its own list and by its tier's under the workspace's policy."""
    rights = caller.rights
    tiers = doors.policies.effective(caller.workspace_id).policy.user_tiers
    tier = None if rights.user_tier is None else tiers.get(rights.user_tier)
    return Permit(rights.allowed_models, tier)


def permitted_entry(catalog: Catalog, name: str, permit: Permit) -> ModelEntry:
    """The model of that name. Raises `not_found`, also for one that the key may not use."""
    if not permit.everything:
        found = catalog.meaning(name)
        if found is None or not permit.allows(catalog.entry(found)):
            message = f"There is no model {name[:100]!r} that this key may use. /v1/models lists those that it may."
            raise PerdureError(ErrorKind.NOT_FOUND, message, field="model")
    return catalog.entry(catalog.resolve(name))
