"""What an encoding needs to know, and what it could not carry so far."""

from dataclasses import dataclass, field
from typing import Any, NoReturn

from contracts.errors import ErrorKind, ProviderError


@dataclass(slots=True)
class Carried:
    """`ignored` names the knobs that Cohere has not, `dropped` the parts that belong elsewhere. `documents` are those that stand
    in the messages, which Cohere takes beside them.
    """

    provider: str
    ignored: dict[str, None] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)

    def ignore(self, name: str, present: object) -> None:
        """Note that the knob `name` has no place on this wire, where it was set."""
        if present is not None and present is not False:
            self.ignored[name] = None

    def refuse(self, message: str, at: str) -> NoReturn:
        """Say before the call that the request cannot be carried, and which field is at fault."""
        raise ProviderError(ErrorKind.INVALID_REQUEST, message, provider=self.provider, field=at)
