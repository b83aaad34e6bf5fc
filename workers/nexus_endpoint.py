"""The Nexus endpoint under which other workflows find us."""

import structlog
from temporalio.api.nexus.v1 import EndpointSpec, EndpointTarget
from temporalio.api.operatorservice.v1 import CreateNexusEndpointRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from contracts.ids import TASK_QUEUE

log = structlog.get_logger("perdure.nexus")


async def ensure_endpoint(client: Client, name: str) -> None:
    """Make the endpoint where it is missing. A server that does not let us is not a failure: somebody else may make it."""
    worker = EndpointTarget.Worker(namespace=client.namespace, task_queue=TASK_QUEUE)
    spec = EndpointSpec(name=name, target=EndpointTarget(worker=worker))
    try:
        await client.operator_service.create_nexus_endpoint(CreateNexusEndpointRequest(spec=spec))
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            log.info("the Nexus endpoint was not made", endpoint=name, reason=error.status.name)
