"""What lets a waiting step of a run look again: a nudge, time, or that the workflow is about to begin afresh."""

from collections import Counter
from datetime import timedelta

from temporalio import workflow


class LeftError(Exception):
    """The history has become long: what runs is left where it stands, and the workflow begins afresh with what is stored."""


PASSES = 1_000
"""Items or rounds in one history. Those that only ask activities are worked off so fast that the server's word comes late."""

PASSES_AT_ONCE = 100
"""Items or rounds in one workflow task. Local activities that follow each other without end would hold it beyond its time, and
what they found out would be lost with it.
"""
_BREATH = timedelta(milliseconds=1)


class Waking:
    """Nudges of one workflow. A nudge that comes before somebody waits is kept."""

    def __init__(self) -> None:
        self._nudged: Counter[str] = Counter()
        self._everybody = 0
        self._leaving = False
        self._passes = 0
        self._task = self._passes_of_task = 0

    def nudge(self, keys: list[str]) -> None:
        """Let these steps look again; all, where none is named."""
        self._nudged.update(keys)
        self._everybody += not keys

    def passed(self) -> None:
        """An item or a round has ended."""
        self._passes += 1
        # It grows with each workflow task, and only then.
        length = workflow.info().get_current_history_length()
        self._passes_of_task = 1 if length != self._task else self._passes_of_task + 1
        self._task = length

    @property
    def crowded(self) -> bool:
        """This workflow task has seen enough: nothing new begins in it."""
        return self._passes_of_task >= PASSES_AT_ONCE and self._task == workflow.info().get_current_history_length()

    async def breathe(self) -> None:
        """Let the workflow task end, where nothing else is under way."""
        await workflow.sleep(_BREATH)

    @property
    def leaving(self) -> bool:
        """Nothing new begins in this history. Once true it stays so."""
        suggested = workflow.info().is_continue_as_new_suggested() or self._passes >= PASSES
        self._leaving = self._leaving or suggested
        return self._leaving

    def mark(self, key: str) -> tuple[int, int]:
        """The nudges of a step so far; see `wait`."""
        return self._nudged[key], self._everybody

    async def wait(self, key: str, mark: tuple[int, int], seconds: float | None) -> bool:
        """Wait for a nudge after `mark`, or for the time. True where the time has passed. Raises LeftError."""
        timeout = None if seconds is None else timedelta(seconds=max(seconds, 0.001))
        try:
            await workflow.wait_condition(lambda: self.mark(key) != mark or self.leaving, timeout=timeout)
        except TimeoutError:
            return True
        if self.mark(key) == mark:
            raise LeftError
        return False
