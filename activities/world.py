"""What activities work on, built once by the composition root."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from providers.protocol import Provider
from storage.database import Database
from storage.streams.log import StreamLog


@dataclass(frozen=True, slots=True)
class World:
    """The database, the stream log, the providers by name, and `clock`, which gives the present in UTC."""

    database: Database
    streams: StreamLog
    providers: Mapping[str, Provider]
    clock: Callable[[], datetime]
