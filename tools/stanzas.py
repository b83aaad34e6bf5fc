"""All that a configuration says about tools."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator

from tools.files.tools import FilesStanza
from tools.http.stanza import HttpStanza
from tools.mcp.stanza import McpStanza
from tools.pipelines import PipelinesStanza
from tools.sql.stanza import SqlStanza
from tools.web.tool import WebStanza


class ToolsStanza(BaseModel):
    """The tools of a deployment. What is absent is not offered; the calculator, the calendar and `retrieve` always are.

    `integrations` are YAML files, or folders of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    sql: tuple[SqlStanza, ...] = ()
    http: tuple[HttpStanza, ...] = ()
    web: WebStanza | None = None
    files: FilesStanza | None = None
    mcp: tuple[McpStanza, ...] = ()
    pipelines: PipelinesStanza | None = None
    integrations: tuple[Path, ...] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> "ToolsStanza":
        for kind, names in (
            ("sql", [stanza.name for stanza in self.sql]),
            ("http", [stanza.name for stanza in self.http]),
            ("mcp", [stanza.name for stanza in self.mcp]),
        ):
            if twice := _first_twice(names):
                raise ValueError(f"two {kind} stanzas are called {twice!r}: give each its own name")
        return self


def _first_twice(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
