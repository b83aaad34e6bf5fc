"""What came of an AI step, summed up over its turns."""

from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.ai_steps import AiStepResult
from contracts.errors import ErrorKind
from contracts.parts import RefusalPart, TextPart
from contracts.turns import TurnState
from contracts.usage import Cost, Usage
from domain.structured.agreeing import agreed
from storage.ai_steps import AiStepRow, StepTurnRow
from storage.messages import StoredMessage, of_turn


async def summed_up(
    connection: AsyncConnection, step: AiStepRow, turns: list[StepTurnRow], *, cancelled: bool
) -> AiStepResult:
    """The step's result. Of several samples the one that agrees most with the others answers."""
    result = AiStepResult(
        step_id=step.id,
        state=TurnState.CANCELLED,
        attempts=len(turns),
        samples=len({one.sample for one in turns}),
        usage=_usage(one.result.usage for one in turns if one.result and one.result.usage),
        cost=_cost(one.result.cost for one in turns if one.result and one.result.cost),
        simulated=any(one.result.simulated for one in turns if one.result),
        turn_ids=tuple(one.turn_id for one in turns),
    )
    if step.request.answer is None:
        chosen = next((one for one in turns if one.result and one.result.message_id), None)
    else:
        valid = [one for one in turns if one.verdict is not None and "data" in one.verdict]
        if valid:
            best, confidence = agreed([one.verdict["data"] for one in valid if one.verdict is not None])
            chosen = valid[best]
            # A sample without an answer agrees with none.
            share = confidence * len(valid) / result.samples
            verdict = chosen.verdict or {}
            result = result.model_copy(
                update={
                    "data": verdict["data"],
                    "repaired": bool(verdict.get("repaired")),
                    "confidence": share if step.request.answer.samples > 1 else None,
                }
            )
        else:
            chosen = None
    if chosen is not None and chosen.result is not None:
        return result.model_copy(
            update={
                "state": TurnState.CANCELLED if chosen.state is TurnState.CANCELLED else TurnState.COMPLETED,
                "content": text_of(await of_turn(connection, chosen.turn_id)),
                "model": chosen.result.model,
                "served_model": chosen.result.served_model,
                "finish_reason": chosen.result.finish_reason,
            }
        )
    if cancelled or any(one.state is TurnState.CANCELLED for one in turns):
        said = {"error_kind": ErrorKind.CANCELLED, "error_message": "The step was cancelled before it had an answer."}
        return result.model_copy(update=said)
    return result.model_copy(update={"state": TurnState.FAILED, **_failure(turns)})


def text_of(said: list[StoredMessage]) -> str:
    """What the model said in words."""
    return "".join(
        part.text
        for one in said
        if one.step is not None
        for part in one.message.parts
        if isinstance(part, TextPart | RefusalPart)
    )


def _failure(turns: list[StepTurnRow]) -> dict[str, object]:
    last = next((one for one in reversed(turns) if one.verdict is not None), None)
    if last is not None and last.verdict is not None:
        errors = tuple(last.verdict.get("errors", ()))
        return {
            "error_kind": ErrorKind.UNFIT_ANSWER,
            "error_message": f"No answer followed the schema in {len(turns)} turns. In the last: {'; '.join(errors)[:1000]}.",
            "errors": errors,
        }
    failed = next((one.result for one in reversed(turns) if one.result is not None), None)
    if failed is None or failed.error_kind is None:
        return {"error_kind": ErrorKind.INTERNAL, "error_message": "The step's turns ended without a result."}
    return {
        "error_kind": failed.error_kind,
        "error_message": failed.error_message,
        "error_field": failed.error_field,
    }


def _usage(given: Iterable[Usage]) -> Usage | None:
    found = list(given)
    if len(found) <= 1:
        return found[0] if found else None
    counts = {name for name, field in Usage.model_fields.items() if field.annotation is int}
    sums = {name: sum(getattr(one, name) for one in found) for name in counts}
    return Usage(**sums, estimated=any(one.estimated for one in found))


def _cost(given: Iterable[Cost]) -> Cost:
    found = list(given)
    if len(found) == 1:
        return found[0]
    return Cost(total=sum((one.total for one in found), Decimal(0)), priced=all(one.priced for one in found))
