"""An answer that grows beyond what was reserved for it, though the provider was told how long it may be."""

from contracts.events import PartDelta, PartStarted, ProviderEvent
from contracts.parts import ReasoningPart, TextPart, ToolCallPart
from domain.estimates import margin_of
from domain.tokens import count_text

_STEP = 16
"""Characters after which it is counted again at the least."""


class AnswerBound:
    """Says when more tokens came than were reserved. `tokens` is how many that is.

    Where we do not count as the vendor does, it may have as many more as our count may be wrong by: an answer that the vendor
    itself ends in time is not cut.
    """

    def __init__(self, tokens: int, *, model: str) -> None:
        self._model = model
        self._most = tokens * margin_of(model) // 100
        self._said: list[str] = []
        self._characters = 0
        # A token has at least one character but for rare scripts, so that nothing has to be counted before.
        self._count_at = self._most

    def used_up(self, event: ProviderEvent) -> bool:
        """Take in an event. True: with it the answer is longer than it may be."""
        match event:
            case PartDelta(_, said):
                pass
            case PartStarted(_, TextPart(text=said) | ReasoningPart(text=said) | ToolCallPart(arguments=said)):
                pass
            case _:
                return False
        self._said.append(said)
        self._characters += len(said)
        if self._characters <= self._count_at:
            return False
        whole = "".join(self._said)
        self._said = [whole]
        left = self._most - count_text(whole, model=self._model)
        self._count_at = self._characters + max(left, _STEP)
        return left < 0
