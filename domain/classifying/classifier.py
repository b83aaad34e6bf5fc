"""Judge a request's task and difficulty from its text."""

from dataclasses import dataclass

from contracts.routing import TaskType
from domain.classifying.features import NAMES
from domain.classifying.head import Head
from domain.classifying.inputs import inputs


@dataclass(frozen=True, slots=True)
class Classified:
    """What a request seems to be.

    `difficulty` runs from 0 (any model can answer it) to 1; `confidence` is the task's probability.
    """

    task: TaskType
    difficulty: float
    confidence: float


class Classifier:
    """The trained head over the sentence embedder. One per process; it may be used from several threads at once.

    The same text always gives the same answer. About 10 ms of processor time per request, so call it off the event loop.
    """

    def __init__(self, head: Head) -> None:
        if head.features != NAMES:
            raise ValueError("the classifier's weights were trained on other features; run `python -m training`")
        self._head = head
        self._tasks = tuple(TaskType(name) for name in head.tasks)

    @classmethod
    def load(cls) -> "Classifier":
        """The classifier with the shipped weights, warm. Takes a second or two the first time in a process."""
        classifier = cls(Head.read())
        classifier.classify("")
        return classifier

    def classify(
        self, text: str, *, has_tools: bool = False, has_schema: bool = False, has_images: bool = False
    ) -> Classified:
        """Judge the request's own text, any text at all: what is too long is judged by its first and last parts.

        `has_tools`, `has_schema` and `has_images` say whether the request declares tools, asks for an answer of a given
        shape, and holds images.
        """
        row = inputs(text, has_tools=has_tools, has_schema=has_schema, has_images=has_images)[None, :]
        shares = self._head.probabilities(row)[0]
        best = int(shares.argmax())
        return Classified(
            task=self._tasks[best], difficulty=float(self._head.difficulties(row)[0]), confidence=float(shares[best])
        )
