"""Waiting for room in a budget: until somebody says that there may be some, the window renews, or it took too long."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.activities import FailureDetail

FIRST_POLL = timedelta(minutes=1)
LONGEST_POLL = timedelta(minutes=30)
"""Who raises a limit says so; the polls are for what is not said, such as other turns that gave back what they had reserved."""
_AFTER_RENEWAL = timedelta(seconds=1)


class BudgetPause:
    """A turn's waiting, all pauses together."""

    def __init__(self) -> None:
        self.raised = False
        self.pauses = 0
        self.waited = timedelta(0)
        self._poll = FIRST_POLL

    async def wait(self, failure: FailureDetail, *, at_most: timedelta) -> timedelta | None:
        """Wait once; how long it took. None: the turn has waited for `at_most` in all."""
        left = at_most - self.waited
        if left <= timedelta(0):
            return None
        pause = min(self._poll, left)
        if failure.renews_in is not None:
            pause = min(pause, timedelta(seconds=failure.renews_in) + _AFTER_RENEWAL)
        began = workflow.now()
        self.pauses += 1
        try:
            await workflow.wait_condition(lambda: self.raised, timeout=pause)
            self._poll = FIRST_POLL
        except TimeoutError:
            self._poll = min(2 * self._poll, LONGEST_POLL)
        self.raised = False
        took = workflow.now() - began
        self.waited += took
        return took
