"""What an encoding gathers while it goes: the body, and what it could not carry."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from contracts.errors import ErrorKind, ProviderError
from contracts.parts import CacheHint
from contracts.requests import ModelRequest
from providers.openai.dialects import PLAIN, Dialect
from providers.openai.families import Family
from providers.openai.provenance import WIRE, is_ours

SHORT_ID = 9
"""The length that Mistral wants a tool call's id to have ("must be a-z, A-Z, 0-9, with a length of 9")."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A request on the wire. `ignored` names knobs that the wire or the model has not, `dropped` parts left behind."""

    body: dict[str, Any]
    ignored: tuple[str, ...]
    dropped: tuple[str, ...]


@dataclass(slots=True)
class Encoding:
    """What one encoding needs to know, and what it could not carry so far.

    `is_vendor`: the server is OpenAI's own, so that its newest field names and roles may be used. `longest_id` is the length in
    characters that the wire allows a tool call's id; `dialect` is the server's way with the chat wire.
    """

    provider: str
    family: Family
    is_vendor: bool
    longest_id: int
    dialect: Dialect = PLAIN
    ignored: dict[str, None] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)

    def ignore(self, name: str, value: object) -> None:
        """Note that the knob `name` was set and has no place on this wire."""
        if value is not None and value is not False and value != ():
            self.ignored[name] = None

    def cache_marks(self, hint: CacheHint | None) -> dict[str, Any]:
        """The fields that ask for a cache up to here; none, and reported, where this server has no marks."""
        if hint is None:
            return {}
        if not self.dialect.cache_control:
            self.ignore("cache", hint)
            return {}
        return {"cache_control": {"type": "ephemeral", **({"ttl": hint.ttl} if hint.ttl else {})}}

    def refusal(self, message: str, at: str) -> ProviderError:
        """The error, before the call, for a request that cannot be carried; `at` is the field at fault."""
        return ProviderError(ErrorKind.INVALID_REQUEST, message, provider=self.provider, field=at)

    def is_ours(self, stamp: str | None) -> bool:
        """Whether a part stamped so may go back to this provider."""
        return is_ours(stamp, self.provider)

    def call_id(self, own: str) -> str:
        """A tool call's id as the wire takes it. Another vendor's may be too long; its digest stands for it."""
        if self.dialect.short_ids:
            if len(own) == SHORT_ID and own.isascii() and own.isalnum():
                return own
            return hashlib.sha256(own.encode()).hexdigest()[:SHORT_ID]
        if len(own) <= self.longest_id:
            return own
        return f"call_{hashlib.sha256(own.encode()).hexdigest()[: self.longest_id - 5]}"

    def finish(self, body: dict[str, Any], request: ModelRequest) -> Encoded:
        """The body with the caller's own fields of this wire over it. An object is merged with ours, anything else replaces."""
        for name in dict.fromkeys((WIRE, self.provider)):
            for key, value in request.provider_options.get(name, {}).items():
                ours = body.get(key)
                body[key] = {**ours, **value} if isinstance(ours, dict) and isinstance(value, dict) else value
        return Encoded(body, tuple(self.ignored), tuple(self.dropped))
