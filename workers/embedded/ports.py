"""Choosing ports, and naming who holds a busy one."""

import errno
import socket

import psutil


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Nobody listens there."""
    return _refusal(port, host) is None


def any_free(host: str = "127.0.0.1") -> int:
    """A port that is free now."""
    with socket.socket(_family(host)) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def owner(port: int) -> str:
    """Who listens on a port, as `name (pid N)`, as far as we may know."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid is None:
                    break
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        return "another process"
    return "another process"


def obstacle(port: int, host: str = "127.0.0.1") -> str | None:
    """A sentence that says why nobody can listen there now; None where one can."""
    match _refusal(port, host):
        case None:
            return None
        case errno.EADDRINUSE:
            return f"Port {port} is held by {owner(port)}."
        case errno.EACCES:
            return f"Port {port} may not be used by this account."
        case number:
            return f"{host}:{port} cannot be listened on (error {number})."


def choose(preferred: int, host: str = "127.0.0.1") -> tuple[int, str | None]:
    """The preferred port, or another one and a sentence that says who holds the preferred. 0 prefers none."""
    if not preferred:
        return any_free(host), None
    reason = obstacle(preferred, host)
    if reason is None:
        return preferred, None
    port = any_free(host)
    return port, f"{reason} Using {port}."


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _refusal(port: int, host: str) -> int | None:
    with socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno
        return None
