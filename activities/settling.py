"""Committing what came of an attempt: one transaction for the answer, the ledger row and the turn's end."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import budgeting
from activities.charging import charged
from activities.errors import failure
from activities.world import World
from contracts.activities import Complete, Completed
from contracts.budgets import AccountKey
from contracts.errors import ErrorKind, PerdureError, ProviderError
from contracts.events import Finished, FinishReason
from contracts.parts import Part, ToolCallPart
from contracts.streams import RecordKind
from contracts.turns import TurnResult, TurnState
from contracts.usage import Cost, Usage
from domain.retries import after_failure, after_own_limit
from providers.pool import OWN_LIMIT
from providers.protocol import Provider
from storage import attempts, turns
from storage.answers import store_answer
from storage.attempts import LedgerEntry, OpenedAttempt
from storage.ids import new_id
from storage.reservations import AttemptKey
from storage.streams.log import StreamWriter


@dataclass(frozen=True, slots=True)
class Settling:
    """One attempt, about to end."""

    world: World
    request: Complete
    provider: Provider
    opened: OpenedAttempt
    writer: StreamWriter
    first_token_ms: int | None

    @property
    def _key(self) -> AttemptKey:
        return AttemptKey(self.opened.turn.id, self.request.step, self.opened.number)

    async def store(self, parts: tuple[Part, ...], finished: Finished) -> Completed:
        """Store the answer, whole or stopped, and end the turn; then tell the readers.

        Raises a non-retryable `conflict` where the attempt is not the newest: its cost is kept, its answer is not.
        """
        turn, model, now = self.opened.turn, self.request.candidate.model, self.world.clock()
        state = TurnState.CANCELLED if finished.finish_reason is FinishReason.CANCELLED else TurnState.COMPLETED
        usage = finished.usage or Usage()
        cost = await self._price(usage, finished.model, finished.service_tier)
        message_id = new_id()
        entry = LedgerEntry(
            state=state.value,
            usage=usage,
            cost=cost,
            finished_at=now,
            served_model=finished.model,
            service_tier=finished.service_tier,
            response_id=finished.response_id,
            first_token_ms=self.first_token_ms,
        )
        # What else there is to do has to be done with it or not at all.
        alone = self.opened.number == 1 and turn.conversation_id is None and not turn.budgeted
        async with self.world.database.singly() if alone else self.world.database.begin() as connection:
            whole, count = cost, 1
            if self.opened.number > 1:
                total, others = await attempts.spent(connection, turn.id, without=self.opened.number)
                count = others + 1
                whole = cost.model_copy(
                    update={"total": total + cost.total, "parts": {}, "stated": None, "computed": None}
                )
            result = TurnResult(
                turn_id=turn.id,
                state=state,
                message_id=message_id,
                finish_reason=finished.finish_reason,
                model=model,
                served_model=finished.model,
                attempts=count,
                usage=usage,
                cost=whole,
                simulated=self.provider.config.simulated,
                ignored=finished.ignored,
                dropped=finished.dropped,
            )
            won = await store_answer(
                connection,
                turn,
                result,
                parts,
                entry,
                message_id=message_id,
                step=self.request.step,
                attempt=self.opened.number,
            )
            following = None
            if won and turn.conversation_id is not None:
                await attempts.track_conversation(connection, turn, model=model, usage=usage, cost=whole, now=now)
                following = await turns.next_in_lane(connection, turn.id)
            accounts = await self._settle(connection, usage, cost)
        if not won:
            await budgeting.alert(self.world, accounts)
            await self.writer.close(flush=False)
            raise ApplicationError(
                f"Attempt {self.opened.number} of turn {turn.id} is not the newest; it was billed and set aside.",
                type=ErrorKind.CONFLICT.value,
                non_retryable=True,
            )
        self.writer.append(RecordKind.END, body=result)
        await self.writer.close()
        await budgeting.alert(self.world, accounts)
        return Completed(
            result=result,
            tool_call_ids=tuple(part.id for part in parts if isinstance(part, ToolCallPart)),
            next_turn_id=following,
        )

    async def fail(
        self,
        error: PerdureError | None,
        usage: Usage,
        *,
        served: str | None,
        interrupted: str | None = None,
        squeezable: bool = False,
    ) -> ApplicationError:
        """Close the ledger row; the failure to raise. `error` None: it was interrupted on our side, for the reason given."""
        turn, now = self.opened.turn, self.world.clock()
        if isinstance(error, ProviderError) and error.provider_code == OWN_LIMIT:
            return await self._wait(error)
        entry = LedgerEntry(
            state="failed" if error else "interrupted",
            usage=usage,
            cost=await self._price(usage, served),
            finished_at=now,
            served_model=served,
            error_kind=error.kind if error else None,
            error_message=error.message if error else None,
            provider_code=error.provider_code if isinstance(error, ProviderError) else None,
            first_token_ms=self.first_token_ms,
        )
        async with self.world.database.begin() as connection:
            await attempts.close_attempt(
                connection, turn.id, step=self.request.step, attempt=self.opened.number, entry=entry
            )
            _, count = await attempts.spent(connection, turn.id)
            accounts = await self._settle(connection, usage, entry.cost)
        await self.writer.close()
        await budgeting.alert(self.world, accounts)
        if error is None:
            return ApplicationError(
                f"Attempt {self.opened.number} was interrupted ({interrupted}); another follows.", type="interrupted"
            )
        verdict = after_failure(
            error.kind,
            retry_after=error.retry_after if isinstance(error, ProviderError) else None,
            failures=self.opened.failures + 1,
            has_sibling=self.request.has_sibling,
            limits=self.request.limits,
            remaining=self._remaining(),
        )
        allowed = self.request.attempts
        # Numbers are also given to attempts that found a limit used up and called nobody; rows are not.
        final = allowed is not None and count >= allowed
        return failure(error, verdict, final=final, squeezable=squeezable)

    async def _wait(self, error: ProviderError) -> ApplicationError:
        """A limit set here is used up for now: nothing was called, and no row tells of it. The turn waits in Temporal."""
        async with self.world.database.begin() as connection:
            await attempts.withdraw_attempt(
                connection, self.opened.turn.id, step=self.request.step, attempt=self.opened.number
            )
            if self.opened.turn.budgeted:
                await budgeting.release(connection, self._key, now=self.world.clock())
        await self.writer.close()
        verdict = after_own_limit(
            error.retry_after or 0,
            has_sibling=self.request.has_sibling,
            limits=self.request.limits,
            remaining=self._remaining(),
            may_wait=self.request.waits_for_limit,
        )
        return failure(error, verdict)

    async def _settle(self, connection: AsyncConnection, usage: Usage, cost: Cost) -> list[AccountKey]:
        """Charge the budgets; the accounts. Where the attempt began without budgets nothing was reserved."""
        if not self.opened.turn.budgeted:
            return []
        return await budgeting.settle(connection, self._key, usage, cost, now=self.world.clock())

    async def _price(self, usage: Usage, served: str | None, tier: str | None = None) -> Cost:
        return await charged(
            self.world,
            usage,
            self.request.candidate.model,
            workspace_id=self.opened.turn.workspace_id,
            at=self.world.clock(),
            served=served,
            tier=tier,
        )

    def _remaining(self) -> float:
        info = activity.info()
        allowed = info.schedule_to_close_timeout or timedelta(seconds=self.request.limits.step)
        return (info.scheduled_time + allowed - self.world.clock()).total_seconds()
