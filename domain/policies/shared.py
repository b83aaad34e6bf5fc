"""What only the deployment's file says, since every workspace shares it."""

from collections.abc import Iterator

from contracts.policies import Policy
from domain.yaml.explaining import Fault


def deployments_own(policy: Policy, deployment: Policy) -> Iterator[Fault]:
    """The fields in which a workspace's policy differs from the deployment's without any effect."""
    if policy.breaker != deployment.breaker:
        said = "breakers are shared by all workspaces; set this in the deployment's file."
        yield Fault(("breaker",), said, at_name=True)
    if policy.switches.discovery != deployment.switches.discovery:
        said = "what was discovered is shared by all workspaces; set this in the deployment's file."
        yield Fault(("switches", "discovery"), said, at_name=True)
