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
        """A new attempt begins; it goes on from the first `keep` characters. Raises where fewer were ever sent."""
        self._said = min(keep, len(self.sent))

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
        """What to send so that the client holds exactly `text`. Raises `DivergedError`."""
        if not text.startswith(self.sent):
            raise DivergedError
        new = text[len(self.sent) :]
        self.sent = text
        self._said = len(text)
        return new

    @property
    def complete(self) -> bool:
        """The attempt has repeated everything that was sent."""
        return self._said >= len(self.sent)
