"""Which provider's batch API an item goes to, and what it is asked there."""

from activities.world import World
from contracts.activities import Complete
from contracts.errors import ErrorKind, ProviderError
from contracts.models import ModelRef
from contracts.requests import ModelRequest
from contracts.turns import RoutePlan, TurnRequest
from domain.estimates import BATCH
from providers.batching import Batching, BatchPort
from providers.protocol import Provider
from storage.batch_parts import PartRow
from storage.turns import TurnRow


def port_of(world: World, model: ModelRef) -> BatchPort | None:
    """The batch API at which a model can be asked, None where there is none."""
    provider = world.providers.get(model.provider)
    return provider.batches() if isinstance(provider, Batching) else None


def provider_of(world: World, part: PartRow) -> tuple[Provider, BatchPort]:
    """A part's provider and its batch API. Raises `not_found` where this worker has it not."""
    provider, port = world.providers.get(part.model.provider), port_of(world, part.model)
    if provider is None or port is None:
        raise ProviderError(
            ErrorKind.NOT_FOUND,
            f"Provider {part.model.provider!r} of part {part.number} of batch {part.batch_id} is not configured at this worker, "
            "or has no batch API. Configure it as it was.",
            provider=part.model.provider,
        )
    return provider, port


def model_request(asked: TurnRequest, model: ModelRef, bound: int | None) -> ModelRequest:
    """What is sent. `bound`: no longer answer was reserved, so none is asked for."""
    changes: dict[str, object] = {"service_tier": None}
    if bound is not None:
        changes["max_output_tokens"] = bound
    return ModelRequest(
        model=model,
        messages=asked.messages,
        tools=asked.tools,
        tool_choice=asked.tool_choice,
        output=asked.output,
        knobs=asked.knobs.model_copy(update=changes),
        provider_options=asked.provider_options,
    )


def completing(turn: TurnRow, plan: RoutePlan) -> Complete:
    """The call of the plan's first candidate, as the budgets know it."""
    return Complete(
        turn_id=turn.id,
        step=0,
        candidate=plan.candidates[0],
        has_sibling=len(plan.candidates) > 1,
        limits=plan.limits,
        on_new_attempt=plan.on_new_attempt,
        attempts=plan.attempts,
        waits_for_limit=plan.waits_for_limit,
        on_exceeded=plan.on_exceeded,
        answer_bound=plan.answer_bound,
    )


def at_batch_tier(asked: TurnRequest) -> TurnRequest:
    """The request in the tier that a batch is served and priced in."""
    return asked.model_copy(update={"knobs": asked.knobs.model_copy(update={"service_tier": BATCH})})
