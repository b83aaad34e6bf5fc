"""How a database connection is registered."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tools.http.credentials import SecretName
from tools.http.stanza import PartName
from tools.sql.guard import SqlRules

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]


class SqlStanza(BaseModel):
    """A PostgreSQL database that models may query, as the tool `sql__NAME`; `sql__NAME__tables` lists what there is.

    `dsn_secret` names the secret that holds `postgresql://…`; its user should be one that can only read. `role` is taken on for
    the query, `schemas` are those whose tables are seen, in the order of the search path. `functions` are allowed besides
    PostgreSQL's own harmless ones. `writes` allows INSERT, UPDATE, DELETE and MERGE, and then `approval` says whether a person
    agrees first. `timeout` is the statement's, in seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: PartName
    dsn_secret: SecretName
    description: str = ""
    role: Identifier | None = None
    schemas: tuple[Identifier, ...] = Field(default=("public",), min_length=1)
    functions: tuple[str, ...] = ()
    writes: bool = False
    approval: bool = True
    timeout: float = Field(default=20, gt=0, le=600)
    max_rows: int = Field(default=500, ge=1, le=100_000)
    max_chars: int = Field(default=50_000, ge=100)
    max_bytes: int = Field(default=2_000_000, ge=1_000, le=50_000_000)
    connections: int = Field(default=4, ge=1, le=64)

    def rules(self) -> SqlRules:
        """What queries may do."""
        functions = frozenset(name.lower() for name in self.functions)
        return SqlRules(frozenset(self.schemas), functions, self.writes)
