"""Which addresses may be reached, and how a name becomes addresses."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from contracts.tools import ToolError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""The addresses of a host name and port. Raises OSError where there are none."""

_NOT_PUBLIC: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        # IANA's special-purpose registries (RFC 6890 and its updates); ipaddress.is_global differs between Python releases.
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "64:ff9b:1::/48",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
_GLOBAL_IPV6 = ip_network("2000::/3")
"""Everything else in IPv6 is local, mapped, reserved or multicast."""
_NAT64 = ip_network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether the address belongs to the public internet. An IPv4 address inside an IPv6 one is judged as itself."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or (IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None)
        if inner is not None:
            return is_public(inner)
        if address.scope_id is not None or address not in _GLOBAL_IPV6:
            return False
    return not any(address in network for network in _NOT_PUBLIC if network.version == address.version)


def permitted(address: Address, networks: Sequence[Network]) -> bool:
    """Whether the address may be reached: it is public, or in one of the registered `networks`."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return is_public(address) or any(address in network for network in networks if network.version == address.version)


async def resolve(host: str, port: int) -> Sequence[Address]:
    """The system's resolver. It also reads decimal, octal and hexadecimal forms, as every other client would."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


async def checked_addresses(host: str, port: int, networks: Sequence[Network], resolver: Resolve) -> Sequence[Address]:
    """The addresses of `host`, all of them permitted. Raises `ToolError` otherwise: one private answer among public ones is how
    a rebinding name looks.
    """
    bare = host.strip("[]")
    try:
        literal = ip_address(bare)
    except ValueError:
        literal = None
    try:
        found = [literal] if literal else await resolver(bare, port)
    except (OSError, UnicodeError, ValueError):
        raise ToolError(f"The host {host} has no address. Check the name.", temporary=True) from None
    if not found:
        raise ToolError(f"The host {host} has no address. Check the name.", temporary=True)
    if not all(permitted(address, networks) for address in found):
        raise ToolError(f"The host {host} leads to a private or reserved address, which may not be reached.")
    return found
