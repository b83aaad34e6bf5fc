"""How an MCP server is registered."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.tools import ToolEffects, ToolRetry
from tools.http.credentials import BearerAuth, HeaderAuth, SecretName
from tools.http.stanza import PartName


class McpToolWords(BaseModel):
    """What is said of one of a server's tools; whatever is absent is the server stanza's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    retry: ToolRetry | None = None
    approval: bool | None = None
    cost: Decimal = Field(default=Decimal(0), ge=0)


class _McpStanza(BaseModel):
    """What both kinds of server have in common.

    `allow` names the tools that may be called, `*` stands for any letters. A tool counts as unsafe unless `tools` says
    otherwise, or `trust_hints` lets the server's own hints (readOnlyHint, idempotentHint) say it. `timeout` is in seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: PartName
    allow: tuple[str, ...] = Field(min_length=1)
    tools: dict[str, McpToolWords] = {}
    trust_hints: bool = False
    approval: bool = False
    timeout: float = Field(default=60, gt=0, le=3600)
    max_chars: int = Field(default=50_000, ge=100)
    max_bytes: int = Field(default=2_000_000, ge=100)

    def effects(self, tool: str, *, reads_only: bool, idempotent: bool) -> ToolEffects:
        """What calls of one of its tools do; the two hints are the server's."""
        words = self.tools.get(tool, McpToolWords())
        hinted: ToolRetry = "safe" if self.trust_hints and (reads_only or idempotent) else "unsafe"
        return ToolEffects(
            retry=words.retry or hinted,
            approval=self.approval if words.approval is None else words.approval,
            timeout=self.timeout,
            cost=words.cost,
            max_chars=self.max_chars,
            max_bytes=self.max_bytes,
        )


class McpProcess(_McpStanza):
    """A server that is started here and spoken to over its standard input and output.

    It sees PATH, HOME and the like, `env`, and `secret_env`: variables and the names of their secrets. `log` is where its
    standard error goes.
    """

    transport: Literal["stdio"]
    command: str
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    secret_env: dict[str, SecretName] = {}
    cwd: Path | None = None
    log: Path | None = None


class McpUrl(_McpStanza):
    """A server over streamable HTTP, at the address that whoever runs the deployment wrote down."""

    transport: Literal["http"]
    url: str = Field(pattern=r"^https?://")
    headers: dict[str, str] = {}
    auth: Annotated[BearerAuth | HeaderAuth, Field(discriminator="type")] | None = None


McpStanza = Annotated[McpProcess | McpUrl, Field(discriminator="transport")]
