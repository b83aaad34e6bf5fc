"""What of a conversation a model takes: it may have begun with one that takes more."""

from collections import Counter
from collections.abc import Sequence

from contracts.parts import AudioPart, DocumentPart, ImagePart, Message, Part
from contracts.routing import Capability
from domain.switching import without
from providers.protocol import Capabilities


def takeable(
    messages: Sequence[Message], *, wire: Capabilities, known: frozenset[Capability]
) -> tuple[tuple[Message, ...], Counter[str]]:
    """The messages without what the model cannot take of earlier ones, and how many of each kind that is.

    `wire` is what the adapter can carry for it, `known` what the catalog says of it, the policy's words included. What is said
    now stays as it is: where the model cannot take that, the caller is told.
    """
    newest = max((at for at, message in enumerate(messages) if message.role == "user"), default=0)

    def unfit(part: Part) -> bool:
        match part:
            case ImagePart():
                return not wire.images or Capability.IMAGES not in known
            case DocumentPart():
                return not wire.documents or Capability.DOCUMENTS not in known
            case AudioPart():
                return not wire.audio or Capability.AUDIO not in known
            case _:
                return False

    kept, left_out = without(messages[:newest], unfit)
    return (*kept, *messages[newest:]), left_out
