"""What a key may do at which door, and what it lays over a request."""

from contracts.errors import ErrorKind, PerdureError
from contracts.keys import KeyScope
from contracts.turns import TurnRequest
from domain.entitling import entitled
from storage.keys import ApiKey

_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = (
    ("/api/budgets", KeyScope.BUDGETS),
    ("/api/policies", KeyScope.POLICIES),
)
"""Doors whose changes need a scope of their own."""
_ADMINS = ("/api/keys", "/api/webhooks", "/api/workspaces")
"""Doors that are an admin's altogether: what they show is not for everybody."""
_ASKING_TO_LOOK = ("/api/policies/check", "/api/costs/reconcile", "/api/costs/what-if", "/api/documents/search")


def check_scope(key: ApiKey, method: str, path: str) -> None:
    """Raises `access_denied` where none of the key's scopes opens the door."""
    if KeyScope.ADMIN in key.rights.scopes:
        return
    needed = scopes_for(method, path)
    if needed.isdisjoint(key.rights.scopes):
        names = " or ".join(sorted(needed))
        raise PerdureError(
            ErrorKind.ACCESS_DENIED,
            f"The key {key.prefix} has the scopes {', '.join(key.rights.scopes) or 'none'}; this needs {names}.",
            detail={"needed": names},
        )


def scopes_for(method: str, path: str) -> frozenset[KeyScope]:
    """The scopes of which one is needed. Who may ask may look as well: at answers, models and what is left of budgets."""
    if path.startswith(_ADMINS):
        return frozenset({KeyScope.ADMIN})
    if method in _LOOKING or path in _ASKING_TO_LOOK:
        return frozenset(KeyScope) - {KeyScope.ADMIN}
    own = next((scope for start, scope in _OWN if path.startswith(start)), None)
    if own is None and path.endswith("/approve-budget"):
        own = KeyScope.BUDGETS
    return frozenset({own or KeyScope.ASK})


def within_rights(request: TurnRequest, key: ApiKey) -> TurnRequest:
    """The request as the key may ask it."""
    return entitled(request, user_tier=key.rights.user_tier, allowed_models=key.rights.allowed_models)
