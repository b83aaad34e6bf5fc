"""A migrated database with a workspace."""

from tests.storage.conftest import database, workspace_id

__all__ = ["database", "workspace_id"]
