"""How often a call tells Temporal that its worker lives: seldom where many calls would tell it at once.

A heartbeat is a write in Temporal's database. A thousand calls that each sent one every other second kept a development server
busy with nothing else, missed their own heartbeats and were taken for dead.
"""

from dataclasses import dataclass

BEATS_A_SECOND = 50.0
"""How many heartbeats a worker sends a second while all its calls began under the same load."""
SHORTEST_PAUSE = 2.0
LONGEST_PAUSE = 12.0
"""Seconds between the heartbeats of one call."""
MISSED = 2.5
"""A worker is taken for dead after so many pauses without a heartbeat."""


@dataclass(slots=True)
class Load:
    """How many calls this worker makes at present."""

    calls: int = 0

    def heartbeat_timeout(self) -> float:
        """The heartbeat timeout, in seconds, of a call that begins now."""
        return MISSED * min(max(self.calls / BEATS_A_SECOND, SHORTEST_PAUSE), LONGEST_PAUSE)


def heartbeat_pause(timeout: float) -> float:
    """Seconds between the heartbeats of a call with this heartbeat timeout."""
    return timeout / MISSED
