"""What a request is taken for, where it does not say so itself."""

import asyncio
from dataclasses import dataclass, field

from contracts.parts import ImagePart, TextPart
from contracts.requests import JsonSchemaOutput
from contracts.turns import TurnRequest
from domain.classifying import Classified, Classifier


def text_of(request: TurnRequest) -> str:
    """What the user said last."""
    said = next((message for message in reversed(request.messages) if message.role == "user"), request.messages[-1])
    return "\n".join(part.text for part in said.parts if isinstance(part, TextPart))


@dataclass(slots=True)
class Classifying:
    """The classifier, loaded at the first use (or by `warm`) in a thread: its parts take a second to load."""

    _loaded: Classifier | None = None
    _loading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def warm(self) -> None:
        """Load the classifier."""
        await self._classifier()

    async def classify(self, request: TurnRequest) -> Classified:
        """Judge what the user said last. Takes some milliseconds of a thread."""
        classifier = await self._classifier()
        return await asyncio.to_thread(
            classifier.classify,
            text_of(request),
            has_tools=bool(request.tools),
            has_schema=isinstance(request.output, JsonSchemaOutput),
            has_images=any(isinstance(part, ImagePart) for message in request.messages for part in message.parts),
        )

    async def _classifier(self) -> Classifier:
        if self._loaded is None:
            async with self._loading:
                if self._loaded is None:
                    self._loaded = await asyncio.to_thread(Classifier.load)
        return self._loaded
