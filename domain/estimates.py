"""Usage where the provider reported none: a call that was cut, stopped or lost in a crash."""

from collections.abc import Iterable

from contracts.parts import Message, Part
from contracts.usage import Usage
from domain.tokens import count_messages, count_part


def estimate(messages: Iterable[Message], answered: Iterable[Part], *, model: str, reported: Usage | None) -> Usage:
    """The usage of an interrupted call: the whole prompt and what was answered so far, marked as an estimate.

    `reported` is what the vendor had said before the cut (Anthropic names the input at the start); its input is kept, and its
    output where it is the larger.
    """
    output = sum(count_part(part, model=model) for part in answered)
    if reported is not None:
        return reported.model_copy(update={"output": max(reported.output, output), "estimated": True})
    return Usage(input_uncached=count_messages(messages, model=model), output=output, estimated=True)
