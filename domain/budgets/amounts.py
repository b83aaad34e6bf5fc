"""Amounts: what a call may come to at worst, rounded so that nothing is ever reserved too low."""

from collections.abc import Callable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal

from contracts.parts import AudioPart, DocumentPart, ImagePart, Message, ProviderPart
from contracts.requests import FunctionTool, JsonSchemaOutput, ProviderTool, Tool
from contracts.turns import TurnRequest
from domain.tokens import count_messages, count_text

QUANTUM = Decimal("0.000000000001")
"""The ledger keeps twelve decimal places."""
SEARCHES = 10
"""How often a vendor's own search tool is taken to be called where the request does not bound it. An assumption; what goes
beyond is charged all the same, as an overrun.
"""
SHORTEST_ANSWER = 64
"""Tokens of the shortest answer that is asked for where a limit does not pay for a longer one. An assumption."""
_MEDIA_PER_CENT = 140
"""Images and documents are counted by the vendor alone; our estimate of them may fall short."""
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


def prompt_tokens(request: TurnRequest, messages: Sequence[Message], model: str) -> int:
    """The prompt as we count it, its tools and schema included; `domain.estimates.forecast` adds the margin of text."""
    counted = count_messages(messages, model=model)
    for tool in request.tools:
        definition = tool.model_dump_json(exclude_none=True) if isinstance(tool, FunctionTool) else str(tool.payload)
        counted += _TOOL_TOKENS + count_text(definition, model=model)
    if isinstance(request.output, JsonSchemaOutput):
        counted += count_text(request.output.model_dump_json(exclude_none=True), model=model)
    media = any(
        isinstance(part, ImagePart | DocumentPart | AudioPart | ProviderPart)
        for message in messages
        for part in message.parts
    )
    return counted * _MEDIA_PER_CENT // 100 if media else counted


def searches_of(tools: Sequence[Tool]) -> int:
    """The most searches that vendors' own tools may make."""
    most = 0
    for tool in tools:
        if isinstance(tool, ProviderTool) and "search" in str(tool.payload.get("type") or tool.payload):
            bound = tool.payload.get("max_uses")
            most += bound if isinstance(bound, int) else SEARCHES
    return most


def hour_cached(messages: Sequence[Message]) -> bool:
    """Some of the prompt is to be cached for an hour, whose writing is dearer."""
    hints = (getattr(part, "cache", None) for message in messages for part in message.parts)
    return any(hint is not None and hint.ttl == "1h" for hint in hints)


def answer_bound(asked: int | None, longest: int | None, by_policy: int) -> int:
    """The most tokens that the answer may have: as asked, else the model's longest within the policy's bound."""
    bound = by_policy if asked is None else asked
    return bound if longest is None else min(bound, longest)


def longest_within(answer: int, left: Decimal, worst: Callable[[int], Decimal]) -> int:
    """The most tokens of an answer of `answer` that `left` pays for at worst; `answer` itself where that leaves too little.

    `worst` is the cost of a call whose answer has so many tokens; it grows with them.
    """
    if worst(answer) <= left:
        return answer
    least, most = SHORTEST_ANSWER, answer
    if answer <= least or at_least(worst(least)) > left:
        return answer
    while most - least > 1:
        middle = (least + most) // 2
        if at_least(worst(middle)) <= left:
            least = middle
        else:
            most = middle
    return least


def slice_ahead(free: Decimal, slices: int) -> Decimal:
    """How much of what is free a slice takes ahead, of `slices` at most: a part that shrinks as the budget is used up."""
    return at_most(max(Decimal(0), free) / (2 * slices))
