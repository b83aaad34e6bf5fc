"""Fitting a conversation into a model's window: the oldest exchanges are left out, never half of one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contracts.parts import Message, ReasoningPart, RefusalPart, TextPart, ToolCallPart
from domain.tokens import MESSAGE_TOKENS

DEFAULT_ANSWER_ROOM = 4_096
"""Tokens kept free for the answer where the request sets no limit."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is sent, and how many of the conversation's messages were left out."""

    messages: tuple[Message, ...]
    left_out: int

    @property
    def squeezable(self) -> bool:
        """There are older exchanges than the last, which could be left out too."""
        return len(_exchanges(self.messages)) > 1


def fit(
    messages: Sequence[Message],
    *,
    window: int | None,
    answer_room: int | None,
    count: Callable[[Sequence[Message]], int],
) -> Fitted:
    """The newest exchanges that fit into `window` tokens beside the answer.

    Instructions (system and developer messages) are always kept, and so is the last exchange, even if it alone is too long:
    the model's own refusal is then the truth. An exchange begins with a user's message, so a tool's result never loses its call.
    """
    room = None if window is None else window - (answer_room or min(DEFAULT_ANSWER_ROOM, window // 4))
    if room is None or _surely_fits(messages, room) or count(messages) <= room:
        return Fitted(tuple(messages), 0)
    left = room - count([message for message in messages if _instructs(message)])
    begins = len(messages)
    for start, exchange in reversed(_exchanges(messages)):
        left -= count(exchange)
        if left < 0 and begins < len(messages):
            break
        begins = start
    chosen = tuple(message for at, message in enumerate(messages) if at >= begins or _instructs(message))
    return Fitted(chosen, len(messages) - len(chosen))


def _instructs(message: Message) -> bool:
    return message.role in ("system", "developer")


def _surely_fits(messages: Sequence[Message], room: int) -> bool:
    """A token is at least one byte: text that has fewer bytes than the room has tokens need not be counted."""
    size = 0
    for message in messages:
        size += MESSAGE_TOKENS
        for part in message.parts:
            match part:
                case TextPart() | RefusalPart() | ReasoningPart():
                    size += len(part.text.encode("utf-8", "surrogatepass"))
                case ToolCallPart():
                    size += len(part.name) + len(part.arguments.encode("utf-8", "surrogatepass"))
                case _:
                    return False
        if size > room:
            return False
    return True


def _exchanges(messages: Sequence[Message]) -> list[tuple[int, list[Message]]]:
    """Where each exchange begins, and its messages without instructions."""
    exchanges: list[tuple[int, list[Message]]] = []
    for at, message in enumerate(messages):
        if _instructs(message):
            continue
        if not exchanges or (message.role == "user" and exchanges[-1][1][-1].role != "user"):
            exchanges.append((at, []))
        exchanges[-1][1].append(message)
    return exchanges
