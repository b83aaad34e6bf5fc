"""Choosing ports, and naming who holds a busy one."""

import socket

import psutil


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def any_free(host: str = "127.0.0.1") -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def owner(port: int) -> str:
    """Who listens on a port, as `name (pid)`, as far as we may know."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid is None:
                    break
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        return "another process"
    return "another process"


def choose(preferred: int, host: str = "127.0.0.1") -> tuple[int, str | None]:
    """The preferred port, or another one and a sentence that says who holds the preferred."""
    if preferred and is_free(preferred, host):
        return preferred, None
    port = any_free(host)
    if not preferred:
        return port, None
    return port, f"Port {preferred} is held by {owner(preferred)}; using {port}."
