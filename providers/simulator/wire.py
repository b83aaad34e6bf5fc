"""What the serving of a call must know of a vendor, besides how it reads and writes."""

from collections.abc import Callable
from dataclasses import dataclass

from contracts.errors import ErrorKind
from providers.simulator.asked import Vendor
from providers.simulator.behaviour import Fault
from providers.simulator.connection import Connection
from providers.simulator.replies import Reply, Trouble

ErrorReply = Callable[[ErrorKind, Trouble, Fault | None, float], Reply]
"""How a vendor tells an error; the last argument is wall time in seconds."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A vendor's ways. `headers` go with every success; `request_id` is the header that names the call."""

    vendor: Vendor
    key: Callable[[Connection], str | None]
    missing_key: Callable[[], Reply]
    error: ErrorReply
    request_id: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    stream_type: bytes = b"text/event-stream; charset=utf-8"


def bearer(connection: Connection) -> str | None:
    """The key of an `Authorization: Bearer` header."""
    given = connection.header(b"authorization")
    if given is None or not given.lower().startswith("bearer "):
        return None
    return given[7:].strip() or None
