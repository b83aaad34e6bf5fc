"""How long the stream log waits for what."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds.

    `watched` and `unwatched`: how long a record may wait for its flush while somebody elsewhere reads the stream, and while
    nobody does. `poll`: how often waiting readers look by themselves, as notifications may be lost. `renew` and `interest`:
    how often a reader's process says that it reads, and how long that is believed. `linger`: how long a stream that nobody
    writes or reads stays in memory. `grace`: how long missing records may take to come back before a reader gives up.
    `drain`: how long closing waits for the last flush.
    """

    watched: float = 0.040
    unwatched: float = 0.250
    poll: float = 1.0
    renew: float = 2.0
    interest: float = 6.0
    linger: float = 10.0
    grace: float = 3.0
    drain: float = 5.0
