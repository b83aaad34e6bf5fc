"""What of a conversation a model takes: it may have begun with one that takes more."""

from collections import Counter
from collections.abc import Sequence

from contracts.parts import AudioPart, DocumentPart, ImagePart, Message, Part
from domain.switching import without
from providers.protocol import Capabilities


def takeable(messages: Sequence[Message], can: Capabilities) -> tuple[tuple[Message, ...], Counter[str]]:
    """The messages without what the model cannot take of earlier ones, and how many of each kind that is.

    What is said now stays as it is: where the model cannot take that, the caller is told.
    """
    newest = max((at for at, message in enumerate(messages) if message.role == "user"), default=0)

    def unfit(part: Part) -> bool:
        match part:
            case ImagePart():
                return not can.images
            case DocumentPart():
                return not can.documents
            case AudioPart():
                return not can.audio
            case _:
                return False

    kept, left_out = without(messages[:newest], unfit)
    return (*kept, *messages[newest:]), left_out
