"""Which of the exceptions that clients raise mean that their server is away, rather than that we erred."""

import asyncpg
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from temporalio.service import RPCError, RPCStatusCode

UNREACHABLE: tuple[type[Exception], ...] = (
    DBAPIError,
    PoolTimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    RedisConnectionError,
    RedisTimeoutError,
    OSError,
    RPCError,
)
"""What may mean it; `unreachable_part` decides."""

_TEMPORAL_AWAY = (
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.CANCELLED,
)

_DATABASE_AWAY = ("08", "57P", "53")
"""SQLSTATE classes: connection exceptions, shutdown and start-up, too few resources (PostgreSQL manual, appendix A)."""


def unreachable_part(error: Exception) -> str | None:
    """The part that is away, fit to begin a sentence; None where the error means something else."""
    match error:
        case RPCError():
            return "Temporal" if error.status in _TEMPORAL_AWAY else None
        case RedisConnectionError() | RedisTimeoutError():
            return "The stream log"
        case DBAPIError():
            return "The database" if _is_lost(error) else None
        case PoolTimeoutError() | asyncpg.PostgresConnectionError() | asyncpg.InterfaceError():
            return "The database"
        case ConnectionError() | TimeoutError():
            return "The database"
        case OSError():
            # asyncio's own words when none of a name's addresses answers.
            return "The database" if "connect" in str(error).lower() else None
        case _:
            return None


def _is_lost(error: DBAPIError) -> bool:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if error.connection_invalidated or isinstance(error, OperationalError) or state.startswith(_DATABASE_AWAY):
        return True
    # asyncpg's InterfaceError is a closed connection, but also an argument that does not fit its parameter.
    cause = error.orig.__cause__ if error.orig is not None else None
    return isinstance(error, InterfaceError) and not isinstance(cause, ValueError)
