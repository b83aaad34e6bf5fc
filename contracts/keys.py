"""What an API key may be used for."""

from enum import StrEnum


class KeyScope(StrEnum):
    """What a key may do in its workspace.

    `ask`: turns, conversations, feedback. `read`: look at everything but keys. `budgets` and `policies`: change these. `admin`:
    all of it, and keys.
    """

    ADMIN = "admin"
    ASK = "ask"
    READ = "read"
    BUDGETS = "budgets"
    POLICIES = "policies"
