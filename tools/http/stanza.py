"""How an HTTP host is registered."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tools.http.credentials import Auth
from tools.http.hosts import HostRule

Method = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
PartName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,29}$")]
"""A part of a tool's name."""


class HttpStanza(BaseModel):
    """A host that models may send requests to, as the tool `http__NAME`.

    Everything asked for lies below `base_url`. `networks` are the private networks that the host may be in; without them only
    public addresses are reached. `idempotency_header` names the header in which the host takes an idempotency key; with it a
    POST can be sent twice. `approval`: a person agrees to whatever is not GET, HEAD or OPTIONS.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: PartName
    base_url: str
    description: str = ""
    methods: tuple[Method, ...] = Field(default=("GET", "HEAD"), min_length=1)
    headers: dict[str, str] = {}
    auth: Auth | None = None
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    idempotency_header: str = ""
    approval: bool = True
    timeout: float = Field(default=30, gt=0, le=600)
    max_chars: int = Field(default=50_000, ge=100)
    max_bytes: int = Field(default=2_000_000, ge=100, le=50_000_000)

    @field_validator("base_url")
    @classmethod
    def _plain(cls, given: str) -> str:
        return plain_base_url(given)

    def rule(self) -> HostRule:
        """What may be asked of the host."""
        return rule_below(self.base_url, self.methods, self.networks, self.headers, self.auth)


def plain_base_url(given: str) -> str:
    """The address without its last slash. Raises ValueError where it is more or less than scheme, host, port and path."""
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("base_url must be http://host or https://host, with a path or without")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("base_url must hold no user, query or fragment; use auth")
    return given.rstrip("/")


def rule_below(
    base_url: str,
    methods: tuple[str, ...],
    networks: tuple[IPv4Network | IPv6Network, ...],
    headers: dict[str, str],
    auth: Auth | None,
) -> HostRule:
    """The rule that admits what lies below a base URL, and nothing else."""
    import httpx2

    url = httpx2.URL(base_url)
    return HostRule(
        host=url.raw_host.decode("ascii").lower(),
        schemes=(url.scheme,),
        port=url.port,
        prefix=url.raw_path.decode("ascii").rstrip("/") or "/",
        methods=methods,
        networks=networks,
        headers=headers,
        auth=auth,
    )
