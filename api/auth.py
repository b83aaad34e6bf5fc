"""Who calls: bearer keys, known by their digest."""

import time
from collections import OrderedDict
from typing import Annotated

from fastapi import Depends, Request

from api.doors import Doors
from api.problems import UnauthenticatedError
from api.rights import check_scope
from storage import keys
from storage.keys import ApiKey

REMEMBER_SECONDS = 10.0
"""How long a key that was found is believed without asking: as long a revoked key may still open the door."""
_REMEMBERED = 1_000


class Keyring:
    """Looks keys up, and remembers those it found for some seconds."""

    def __init__(self) -> None:
        self._found: OrderedDict[bytes, tuple[float, ApiKey]] = OrderedDict()

    async def find(self, doors: Doors, secret: str) -> ApiKey | None:
        """The live key that `secret` is, or None."""
        digest, now = keys.digest(secret), time.monotonic()
        known = self._found.get(digest)
        if known is not None and now - known[0] < REMEMBER_SECONDS:
            return known[1]
        async with doors.database.begin() as connection:
            key = await keys.find(connection, secret)
        self._found.pop(digest, None)
        if key is not None:
            self._found[digest] = (now, key)
            if len(self._found) > _REMEMBERED:
                self._found.popitem(last=False)
        return key


def get_doors(request: Request) -> Doors:
    """The doors that the application was built on."""
    doors: Doors = request.app.state.doors
    return doors


async def _depend_on_doors(request: Request) -> Doors:
    # FastAPI would run a plain function in a thread.
    return get_doors(request)


async def authenticate(request: Request) -> ApiKey:
    """The caller's key. Raises 401 where it is missing, not known or expired, 403 where it may not do what is asked."""
    secret = _secret(request)
    if not secret:
        raise UnauthenticatedError("The request carries no key. Send `Authorization: Bearer YOUR_KEY`.")
    keyring: Keyring = request.app.state.keyring
    key = await keyring.find(get_doors(request), secret)
    if key is None:
        raise UnauthenticatedError("The key is not known, or was revoked. `perdure keys` lists and makes keys.")
    expires = key.rights.expires_at
    if expires is not None and expires <= get_doors(request).clock():
        raise UnauthenticatedError(f"The key {key.prefix} expired at {expires.isoformat()}. Use another.")
    check_scope(key, request.method, request.url.path)
    return key


def _secret(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    return request.headers.get("x-api-key", "")


Caller = Annotated[ApiKey, Depends(authenticate)]
DoorsOf = Annotated[Doors, Depends(_depend_on_doors)]
