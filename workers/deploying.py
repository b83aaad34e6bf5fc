"""Builds of this code under Temporal's worker versioning: which of them is given new work, and which is drained.

See docs/decisions/0015-workflows-move-to-the-newest-build.md.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from temporalio.api.enums.v1 import WorkerDeploymentVersionStatus
from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentRequest, SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

_STATUS = "WORKER_DEPLOYMENT_VERSION_STATUS_"

log = structlog.get_logger("perdure.deploy")


class DeployError(Exception):
    """What was asked cannot be done; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Build:
    """A build that Temporal knows. `status` is `current`, `ramping`, `draining`, `drained` or `inactive`."""

    build_id: str
    status: str
    created_at: datetime


def versioned(build: WorkerDeploymentVersion) -> WorkerDeploymentConfig:
    """The worker's part in its deployment. Every workflow moves to the current build at its next task: see the decision."""
    return WorkerDeploymentConfig(
        version=build, use_worker_versioning=True, default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE
    )


async def builds(client: Client, deployment: str) -> list[Build]:
    """The deployment's builds, newest first; none where no worker has named one yet."""
    request = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=deployment)
    try:
        answer = await client.workflow_service.describe_worker_deployment(request)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return []
        raise
    found = [
        Build(
            one.deployment_version.build_id,
            WorkerDeploymentVersionStatus.Name(one.status).removeprefix(_STATUS).lower(),
            one.create_time.ToDatetime(tzinfo=UTC),
        )
        for one in answer.worker_deployment_info.version_summaries
    ]
    return sorted(found, key=lambda one: one.created_at, reverse=True)


async def promote(client: Client, build: WorkerDeploymentVersion, *, unseen: bool = False) -> None:
    """Give new work, and what moves, to this build from now on. `unseen`: also where no worker of it has polled yet.

    Raises DeployError where nobody of that build works.
    """
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace,
        deployment_name=build.deployment_name,
        build_id=build.build_id,
        identity=client.identity,
        ignore_missing_task_queues=True,
        allow_no_pollers=unseen,
    )
    try:
        await client.workflow_service.set_worker_deployment_current_version(request)
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION):
            known = ", ".join(one.build_id for one in await builds(client, build.deployment_name)) or "none"
            raise DeployError(
                f"No worker of build {build.build_id!r} works in deployment {build.deployment_name!r}. Start one with "
                f"PERDURE_BUILD_ID={build.build_id}. Known builds: {known}."
            ) from None
        raise


async def announce_build(client: Client, build: WorkerDeploymentVersion) -> None:
    """The deployment's first build is made the current one; a later one waits until somebody promotes it.

    A server that does not know of deployments is no failure of the worker's: its log says what is to be done.
    """
    try:
        current = [one.build_id for one in await builds(client, build.deployment_name) if one.status == "current"]
        if not current:
            await promote(client, build, unseen=True)
            current = [build.build_id]
    except RPCError as error:
        log.warning(
            "whether this build is current is unknown", build_id=build.build_id, reason=error.status.name.lower()
        )
        return
    if build.build_id in current:
        log.info("this build is the current one", build_id=build.build_id)
    else:
        log.warning(
            "this build is given nothing until it is promoted",
            build_id=build.build_id,
            current=current[0],
            command=f"perdure deploy promote {build.build_id}",
        )
