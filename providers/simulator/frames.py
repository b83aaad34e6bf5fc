"""What a stream is made of: bytes in order, each with what it bills."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from contracts.errors import ErrorKind
from providers.simulator.answers import Answer
from providers.simulator.asked import Asked

HEAD = 0
"""The opening, and all structure between tokens."""
TOKEN = 1
REASONING = 2
"""A token of thought; its data is empty where the wire hides it."""
FINISH = 3
"""The finish reason, with the usage where it comes in the same event."""
USAGE = 4
"""Usage on its own."""
LAST = 5
"""The closing mark, where a wire has one after the finish."""


class Frame(NamedTuple):
    """`tokens` is what the frame bills once it is sent."""

    kind: int
    tokens: int
    data: bytes


class Writer(Protocol):
    """One answer on one wire. Made for one call; the ids it holds are that call's.

    `closes_with_finish`: the finish is the stream's last event, there is no closing mark.
    """

    closes_with_finish: bool

    def frames(self) -> Iterable[Frame]:
        """The answer as a stream."""
        ...

    def whole(self) -> bytes:
        """The answer as one JSON body."""
        ...

    def malformed(self) -> bytes:
        """A broken event, as this wire would frame it."""
        ...

    def stream_error(self, kind: ErrorKind) -> bytes:
        """An error told inside a stream that began well."""
        ...


class WriterOf(Protocol):
    """How a wire makes a writer."""

    def __call__(
        self, asked: Asked, answer: Answer, *, identity: str, created: int, reasoning_given: bool = False
    ) -> Writer:
        """Make one: `identity` is 20 hexadecimal digits unique to the call, `created` wall seconds.

        `reasoning_given` says that a scenario gave the thought's text, which is then shown where a wire can show one.
        """
        ...
