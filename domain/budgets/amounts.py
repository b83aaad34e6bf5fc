"""Amounts: what a call may come to at worst, rounded so that nothing is ever reserved too low."""

import math
from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal

from contracts.parts import AudioPart, DocumentPart, ImagePart, Message, ProviderPart
from contracts.requests import FunctionTool, JsonSchemaOutput
from contracts.turns import TurnRequest
from contracts.usage import Usage
from domain.tokens import count_messages, count_text

QUANTUM = Decimal("0.000000000001")
"""The ledger keeps twelve decimal places."""
MARGIN = 1.4
"""Other vendors' tokenizers are taken to make at most this many times the tokens that OpenAI's make of the same text. An
assumption: their counts cannot be had offline. What a call uses beyond is charged all the same, as an overrun.
"""
_COUNTED_EXACTLY = ("gpt-", "o1", "o3", "o4", "chatgpt-", "sim-")
_TOOL_TOKENS = 16
"""What a vendor wraps around a tool's definition."""


def kept(amount: Decimal) -> Decimal:
    """An amount as the ledger keeps it; PostgreSQL rounds halves away from zero, and so is it here."""
    return amount.quantize(QUANTUM, ROUND_HALF_UP)


def at_least(amount: Decimal) -> Decimal:
    """An amount to reserve: rounded up."""
    return amount.quantize(QUANTUM, ROUND_UP)


def at_most(amount: Decimal) -> Decimal:
    """An amount to hand out ahead: rounded down."""
    return amount.quantize(QUANTUM, ROUND_DOWN)


def worst_input(request: TurnRequest, messages: Sequence[Message], model: str) -> int:
    """The most tokens that the prompt may be counted as, its tools and schema included."""
    counted = count_messages(messages, model=model)
    for tool in request.tools:
        definition = tool.model_dump_json(exclude_none=True) if isinstance(tool, FunctionTool) else str(tool.payload)
        counted += _TOOL_TOKENS + count_text(definition, model=model)
    if isinstance(request.output, JsonSchemaOutput):
        counted += count_text(request.output.model_dump_json(exclude_none=True), model=model)
    exact = model.startswith(_COUNTED_EXACTLY) and not any(
        isinstance(part, ImagePart | DocumentPart | AudioPart | ProviderPart)
        for message in messages
        for part in message.parts
    )
    return counted if exact else math.ceil(counted * MARGIN)


def answer_bound(asked: int | None, longest: int | None, by_policy: int) -> int:
    """The most tokens that the answer may have: as asked, else the model's longest within the policy's bound."""
    bound = by_policy if asked is None else asked
    return bound if longest is None else min(bound, longest)


def worst_usages(input_tokens: int, output_tokens: int) -> tuple[Usage, ...]:
    """Ways in which a call of that size could be billed: read afresh, or written to a cache for five minutes or an hour."""
    return (
        Usage(input_uncached=input_tokens, output=output_tokens),
        Usage(cache_write=input_tokens, output=output_tokens),
        Usage(cache_write=input_tokens, cache_write_1h=input_tokens, output=output_tokens),
    )


def slice_ahead(free: Decimal, slices: int) -> Decimal:
    """How much of what is free a slice takes ahead, of `slices` at most: a part that shrinks as the budget is used up."""
    return at_most(max(Decimal(0), free) / (2 * slices))
