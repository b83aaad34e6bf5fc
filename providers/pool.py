"""One provider over several credentials or deployments of it."""

import asyncio
import hashlib
import math
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import cast

from contracts.errors import ErrorKind, ProviderError
from contracts.events import Finished, ProviderEvent, UsageReported
from contracts.parts import TextPart
from contracts.requests import ModelRequest
from providers.credentials import CredentialKeeper
from providers.protocol import Capabilities, Credential, Health, Provider, ProviderConfig

OWN_LIMIT = "own_limit"
"""The `provider_code` of a refusal that came from the limits set here: nothing was called."""
_ELSEWHERE = frozenset({ErrorKind.AUTHENTICATION, ErrorKind.RATE_LIMITED})
"""Refusals of a credential, before anything was said or billed: another may serve."""
_CHARACTERS_PER_TOKEN = 4
_LOOKED_AT = 4096
"""Characters of a message that tell one conversation from another."""


class PooledProvider:
    """A `Provider` that calls through one of its credentials.

    A prompt's beginning chooses the credential, in proportion to the weights, so that a conversation keeps the one whose prompt
    cache it filled. One that is out, limited or used up is passed over; so is one that is refused, before the first event.
    """

    def __init__(
        self, config: ProviderConfig, members: Sequence[tuple[Credential, Provider]], keeper: CredentialKeeper
    ) -> None:
        """`members` are the credentials with their adapters. Raises ValueError for none, or for a name given twice."""
        names = [credential.name for credential, _ in members]
        if not members or len(set(names)) < len(names):
            raise ValueError(f"the credentials of {config.name!r} need names that differ: {names}")
        self._config = config
        self._members = list(members)
        self._keeper = keeper

    @property
    def config(self) -> ProviderConfig:
        """How this provider is reached."""
        return self._config

    @property
    def members(self) -> Mapping[str, Provider]:
        """The adapters by the names of their credentials."""
        return {credential.name: provider for credential, provider in self._members}

    async def stream(self, request: ModelRequest, *, call_id: str) -> AsyncIterator[ProviderEvent]:
        """Call through the credential that is the request's, or the next that can serve.

        Where all are limited, raises `rate_limited` with the shortest wait; of a limit that was set here its code is `own_limit`.
        """
        waits: list[float] = []
        refusal: ProviderError | None = None
        tokens = estimated_tokens(request)
        for credential, provider in self.order(request):
            standing = self._keeper.standing(self._config.name, credential)
            wait = standing.wait
            if not standing.out and not wait:
                wait = await self._keeper.acquire(self._config.name, credential, tokens)
            if standing.out or wait:
                waits += [wait] if wait else []
                continue
            try:
                async with aclosing(self._through(credential, provider, request, call_id, tokens)) as events:
                    async for event in events:
                        yield event
            except _Refused as refused:
                refusal = refused.error
                continue
            return
        raise self._exhausted(waits, refusal) from None

    def order(self, request: ModelRequest) -> list[tuple[Credential, Provider]]:
        """The members, the request's own first: weighted rendezvous hashing, which needs no memory and is the same everywhere."""
        seed = _beginning(request)

        def place(credential: Credential) -> float:
            digest = hashlib.blake2b(seed + credential.name.encode(), digest_size=8).digest()
            share = (int.from_bytes(digest, "big") + 0.5) / 2**64
            return -credential.weight / math.log(share) if credential.weight > 0 else 0.0

        return sorted(self._members, key=lambda member: place(member[0]), reverse=True)

    async def check_health(self) -> Health:
        """Probe all credentials at once: the best answer. Never raises."""
        found = await asyncio.gather(*(provider.check_health() for _, provider in self._members))
        return min(found, key=lambda health: (not health.ok, health.latency))

    def capabilities(self, model: str) -> Capabilities:
        """What `model` can take and give over this wire."""
        return self._members[0][1].capabilities(model)

    async def warm(self) -> None:
        """Build the clients ahead of the first call."""
        from providers.registry import warm

        await warm(provider for _, provider in self._members)

    async def close(self) -> None:
        """Close the pooled connections."""
        for _, provider in self._members:
            await provider.close()

    async def _through(
        self, credential: Credential, provider: Provider, request: ModelRequest, call_id: str, tokens: int
    ) -> AsyncGenerator[ProviderEvent]:
        """The events by way of one credential. Raises `_Refused` where it was refused before the first."""
        began, said, used = datetime.now(UTC), False, tokens
        events = cast(AsyncGenerator[ProviderEvent, None], provider.stream(request, call_id=call_id))
        try:
            async with aclosing(events):
                async for event in events:
                    said = True
                    if isinstance(event, Finished | UsageReported) and event.usage is not None:
                        used = event.usage.total
                    yield event
            self._keeper.answered(request.model, credential, began=began)
        except ProviderError as error:
            if error.kind not in _ELSEWHERE:
                raise
            self._keeper.refused(request.model, credential, error, began=began)
            if said:
                raise
            used = 0
            raise _Refused(error) from None
        finally:
            self._keeper.settle(self._config.name, credential, estimated=tokens, actual=used)

    def _exhausted(self, waits: list[float], refusal: ProviderError | None) -> ProviderError:
        name = self._config.name
        if waits and (refusal is None or refusal.kind is ErrorKind.AUTHENTICATION):
            return ProviderError(
                ErrorKind.RATE_LIMITED,
                f"All credentials of {name} that work are at their limits; one is free in {min(waits):.1f} s.",
                provider=name,
                retry_after=min(waits),
                provider_code=OWN_LIMIT,
            )
        return refusal or ProviderError(
            ErrorKind.AUTHENTICATION,
            f"{name} refused each of its {len(self._members)} credentials. Check their keys.",
            provider=name,
        )


class _Refused(Exception):  # noqa: N818 - no error: the next credential is asked
    def __init__(self, error: ProviderError) -> None:
        super().__init__(error.message)
        self.error = error


def estimated_tokens(request: ModelRequest) -> int:
    """About how many tokens the call will be counted for: a quarter of its characters, and the answer's room where it is said."""
    characters = sum(
        len(part.text) for message in request.messages for part in message.parts if isinstance(part, TextPart)
    )
    return characters // _CHARACTERS_PER_TOKEN + (request.knobs.max_output_tokens or 0) + 1


def _beginning(request: ModelRequest) -> bytes:
    """What stays the same while a conversation grows: its instructions and its first words."""
    kept = [request.model.model]
    for message in request.messages:
        kept += [part.text[:_LOOKED_AT] for part in message.parts if isinstance(part, TextPart)]
        if message.role == "user":
            break
    return hashlib.blake2b("\0".join(kept).encode("utf-8", "surrogatepass"), digest_size=16).digest()
