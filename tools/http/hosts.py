"""Registered hosts: which URLs may be asked for, with which methods and credentials."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from contracts.tools import ToolError
from tools.http.addresses import Network
from tools.http.credentials import Auth

if TYPE_CHECKING:
    import httpx2

_PORTS = {"http": 80, "https": 443}
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?", re.IGNORECASE)
_DOTTED_QUAD = re.compile(r"(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}")


@dataclass(frozen=True, slots=True)
class HostRule:
    """What may be asked of a host.

    `host` is a name, `*.domain` for all below it, or `*`. `networks` are the private ones that it may lie in. `prefix` is the
    path that everything begins with. `headers` are sent along; `auth` is added to every request that the rule admits.
    """

    host: str
    schemes: tuple[str, ...] = ("https",)
    port: int | None = None
    prefix: str = "/"
    methods: tuple[str, ...] = ("GET", "HEAD")
    networks: tuple[Network, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: Auth | None = None

    def admits_host(self, host: str) -> bool:
        """Whether the rule is about this host name, in its ASCII form."""
        host = host.lower().rstrip(".")
        if self.host == "*":
            return True
        if self.host.startswith("*."):
            return host.endswith(self.host[1:]) and len(host) > len(self.host) - 1
        return host == self.host


def rule_for(url: "httpx2.URL", method: str, rules: Sequence[HostRule]) -> HostRule:
    """The first rule that admits a request. Raises `ToolError`, which says what is not registered."""
    host = url.raw_host.decode("ascii")
    if url.scheme not in _PORTS or not host:
        raise ToolError("Only http and https URLs with a host can be asked for.")
    if url.userinfo:
        raise ToolError(
            "The URL holds a user name or password. Leave it out: credentials are registered with the host."
        )
    if _NUMERIC.fullmatch(host) and not _DOTTED_QUAD.fullmatch(host):
        raise ToolError(f"The host {host} is an address in disguise. Use a name, or four decimal numbers.")
    about = [rule for rule in rules if rule.admits_host(host)]
    if not about:
        raise ToolError(f"The host {host} is not registered for this tool.")
    path = url.raw_path.partition(b"?")[0].decode("ascii")
    for rule in about:
        if (
            url.scheme in rule.schemes
            and port_of(url) == (rule.port or _PORTS[url.scheme])
            and method in rule.methods
            and _below(path, rule.prefix)
        ):
            return rule
    raise ToolError(
        f"{method} {url.scheme}://{host}:{port_of(url)}{path[:200]} is not among what is registered for {host}."
    )


def port_of(url: "httpx2.URL") -> int:
    """The port that the URL leads to."""
    return url.port or _PORTS[url.scheme]


def _below(path: str, prefix: str) -> bool:
    """Whether the path begins with the prefix, however a server may read dots and escapes in it."""
    if prefix == "/":
        return True
    plain = path.lower()
    if any(sign in plain for sign in ("%2e", "%2f", "%5c", "%25", "\\", "//")) or {".", ".."} & set(plain.split("/")):
        return False
    return path == prefix.rstrip("/") or path.startswith(prefix.rstrip("/") + "/")
