"""Text that cannot be taken back: what a new attempt says is matched against what was sent."""

from dataclasses import dataclass


class DivergedError(Exception):
    """The new attempt says something else than what was sent. The stream must end: a splice would be a lie."""


@dataclass(slots=True)
class Telling:
    """One text as a client holds it, while attempts come and go.

    `sent` is what the client has. After `again(keep)` the new attempt is taken to have said the first `keep` characters already,
    and must repeat the rest of what was sent before anything new goes out.
    """

    sent: str = ""
    _said: int = 0

    def again(self, keep: int = 0) -> None:
        """A new attempt begins; it goes on from the first `keep` characters. Raises `DivergedError` where fewer were sent."""
        if keep > len(self.sent):
            raise DivergedError
        self._said = keep

    def add(self, text: str) -> str:
        """What to send of the attempt's next words: what goes beyond what was sent. Raises `DivergedError`."""
        repeated = self.sent[self._said : self._said + len(text)]
        if not text.startswith(repeated):
            raise DivergedError
        new = text[len(repeated) :]
        self._said += len(text)
        self.sent += new
        return new

    def whole(self, text: str) -> str:
        """What to send when the attempt has now said exactly `text`. Raises `DivergedError`."""
        if len(text) < self._said:
            raise DivergedError
        self._said = 0
        return self.add(text)

    @property
    def complete(self) -> bool:
        """The attempt has repeated everything that was sent."""
        return self._said >= len(self.sent)


@dataclass(slots=True)
class Musing:
    """Reasoning as a client holds it. It is shown and is no part of the answer, so a new attempt may think otherwise.

    A repeated beginning is not shown twice; where the new attempt parts from the old, all that it has thought is shown.
    """

    sent: str = ""
    _held: str | None = None

    def again(self) -> None:
        """A new attempt begins."""
        self._held = ""

    def add(self, text: str) -> str:
        """What to show of the attempt's next thoughts."""
        if self._held is None:
            self.sent += text
            return text
        self._held += text
        if self.sent.startswith(self._held):
            return ""
        new = self._held.removeprefix(self.sent)
        self.sent, self._held = self._held, None
        return new
