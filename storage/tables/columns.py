"""What all tables share: the names of their constraints, and the columns that most have."""

from sqlalchemy import Column, DateTime, ForeignKey, MetaData, Uuid, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

EMPTY_OBJECT = text("'{}'::jsonb")
EMPTY_LIST = text("'[]'::jsonb")
NEW_ID = text("uuidv7()")


def own_id() -> Column[object]:
    """The primary key of a thing of its own: a number that grows with time."""
    return Column("id", Uuid, primary_key=True, server_default=NEW_ID)


def of_workspace() -> Column[object]:
    """Whose a row is."""
    return Column("workspace_id", Uuid, ForeignKey("workspaces.id"), nullable=False)


def moment(name: str, *, nullable: bool = False) -> Column[object]:
    """A moment, in UTC."""
    return Column(name, DateTime(timezone=True), nullable=nullable)
