"""`/v1/models`."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from api import examples
from api.auth import Caller, DoorsOf
from api.documenting import documented
from api.json import json_response
from api.permitting import permit_of, permitted_entry
from contracts.models import ModelRef
from domain.catalog import Catalog

router = APIRouter(prefix="/v1", tags=["OpenAI"])


@router.get(
    "/models",
    responses=documented(
        {200: ("All of them, in one page.", {"object": "list", "data": [examples.MODEL]})}, errors=(401,), openai=True
    ),
)
async def list_models(caller: Caller, doors: DoorsOf) -> Response:
    """The models of the configured providers that the key may use, those that are known by name."""
    catalog = await doors.planner.catalog(caller.workspace_id)
    permit = permit_of(doors, caller)
    refs = [ref for ref in catalog.models if permit.everything or permit.allows(catalog.entry(ref))]
    return json_response({"object": "list", "data": [_model(catalog, ref) for ref in refs]})


@router.get(
    "/models/{name:path}",
    responses=documented({200: ("The model.", examples.MODEL)}, errors=(401, 404), openai=True),
)
async def get_model(name: str, caller: Caller, doors: DoorsOf) -> Response:
    """One model, by `provider:model` or its bare name."""
    catalog = await doors.planner.catalog(caller.workspace_id)
    return json_response(_model(catalog, permitted_entry(catalog, name, permit_of(doors, caller)).ref))


def _model(catalog: Catalog, ref: ModelRef) -> dict[str, Any]:
    # No list says when a model was made; OpenAI's clients want a number.
    return {
        "id": str(ref),
        "object": "model",
        "created": 0,
        "owned_by": ref.provider,
        "simulated": catalog.simulated(ref.provider),
    }
