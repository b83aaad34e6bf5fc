"""Fresh ids."""

import secrets
import time
from uuid import UUID


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562, 5.7): 48 bits of milliseconds since 1970, then 74 random bits. Later ids sort after earlier ones."""
    milliseconds = time.time_ns() // 1_000_000
    bits = secrets.randbits(74)
    return UUID(
        int=(milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0b10 << 62 | bits & (1 << 62) - 1
    )
