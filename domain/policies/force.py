"""The policies in force, as those who decide by them see it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from contracts.policies import Policy, VersionedPolicy
from domain.policies.problems import PolicyProblem
from domain.policies.writing import version_of


@dataclass(frozen=True, slots=True)
class FilePolicy:
    """The deployment's policy. `document` is what its file says; `name` and `loaded_at` are None where there is no file."""

    policy: VersionedPolicy
    document: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    loaded_at: datetime | None = None


class Policies(Protocol):
    """The policies in force in this process."""

    def effective(self, workspace_id: UUID) -> VersionedPolicy:
        """The workspace's policy now. Neither waits nor asks anybody."""
        ...

    @property
    def deployment(self) -> FilePolicy:
        """The file's policy, which is everybody's base."""
        ...

    @property
    def problems(self) -> tuple[PolicyProblem, ...]:
        """What is wrong with the file, and with workspaces' policies on top of it. Empty: all that was written is in force."""
        ...

    async def refresh(self, workspace_id: UUID) -> None:
        """Take over what was just stored for a workspace, without waiting to be told."""
        ...


class FixedPolicies:
    """One policy for all, that does not change."""

    def __init__(self, policy: Policy | None = None) -> None:
        said = policy or Policy()
        self._fixed = VersionedPolicy(said, version_of(said))

    def effective(self, workspace_id: UUID) -> VersionedPolicy:
        """The one policy."""
        return self._fixed

    @property
    def deployment(self) -> FilePolicy:
        """The one policy, of no file."""
        return FilePolicy(self._fixed)

    @property
    def problems(self) -> tuple[PolicyProblem, ...]:
        """None."""
        return ()

    async def refresh(self, workspace_id: UUID) -> None:
        """Nothing to do."""
