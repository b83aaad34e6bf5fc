"""What the keys' doors take."""

from pydantic import AwareDatetime, Field

from api.bodies import Body
from api.budget_bodies import BudgetTermsBody
from contracts.keys import KeyScope


class KeyBody(Body):
    """A new key.

    No `allowed_models` allow every one; names may end in `*`. `user_tier` is the policy's tier of whoever uses the key, and goes
    before the request's. `budget` is a budget of the key's own.
    """

    name: str = Field(min_length=1, max_length=200, examples=["billing service"])
    scopes: list[KeyScope] = Field(default=[KeyScope.ASK, KeyScope.READ], min_length=1, max_length=len(KeyScope))
    allowed_models: list[str] = Field(default=[], max_length=200)
    user_tier: str | None = Field(default=None, min_length=1, max_length=100)
    expires_at: AwareDatetime | None = None
    budget: BudgetTermsBody | None = None


class KeyChange(Body):
    """What is to change; what is absent stays, and null removes a tier or an expiry."""

    name: str | None = Field(default=None, min_length=1, max_length=200)
    scopes: list[KeyScope] | None = Field(default=None, min_length=1, max_length=len(KeyScope))
    allowed_models: list[str] | None = Field(default=None, max_length=200)
    user_tier: str | None = Field(default=None, min_length=1, max_length=100)
    expires_at: AwareDatetime | None = None


class RotateBody(Body):
    """`grace_seconds` is how long the former key still works."""

    grace_seconds: float = Field(default=0, ge=0, le=30 * 86400)
