"""`/api/costs/reconcile`: a vendor's own export against the ledger."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.auth import Caller, DoorsOf
from api.documenting import documented
from api.json import json_response
from api.reading import read_bytes
from contracts.errors import ErrorKind, PerdureError
from domain.reconciling.comparing import compare
from domain.reconciling.reading import read_export
from domain.reconciling.showing import shown
from storage import reconciling

router = APIRouter(prefix="/api/costs", tags=["usage"])

_ROW = {
    "day": "2026-03-01",
    "model": "gpt-5-mini-2025-08-07",
    "vendor": {"requests": 41, "input": 9120, "cache_read": 1024, "output": 4100},
    "ledger": {"requests": 40, "input": 9000, "cache_read": 1024, "output": 4000},
    "difference": {"requests": 1, "input": 120, "cache_read": 0, "output": 100},
    "tolerance_usd": "0.000001",
    "agrees": False,
    "because": ["Calls that were cut off before the vendor told their usage, which was counted here: 1."],
}
_RECONCILED = {
    "vendor": "openai",
    "shape": "OpenAI usage, CSV",
    "kind": "usage",
    "from": "2026-03-01T00:00:00+00:00",
    "until": "2026-04-01T00:00:00+00:00",
    "agrees": False,
    "differing": 1,
    "rows": [_ROW],
    "total": {**_ROW, "day": None, "model": "all models", "because": []},
    "notes": [],
}
_CSV = "start_time,end_time,model,num_model_requests,input_tokens,output_tokens\n1772323200,1772409600,gpt-5-mini,41,9120,4100\n"


def _body() -> dict[str, Any]:
    content = {
        "text/csv": {"schema": {"type": "string"}, "example": _CSV},
        "application/json": {"schema": {"type": "object"}},
    }
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "/reconcile",
    responses=documented({200: ("What agrees, and what does not.", _RECONCILED)}, errors=(400, 401, 403, 413)),
    openapi_extra=_body(),
)
async def reconcile(
    request: Request,
    caller: Caller,
    doors: DoorsOf,
    provider: Annotated[
        list[str], Query(description="The providers whose calls the vendor billed; else the one of the vendor's name.")
    ] = [],  # noqa: B006
) -> Response:
    """Compare a vendor's export of usage or cost (OpenAI's, Anthropic's; JSON, CSV) with the ledger, by model and day (UTC).

    The body is the file as it came; nothing of it is kept. A file of the wrong shape is refused with its row and column.
    """
    raw = await read_bytes(request, doors.max_request_bytes)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"The file is not UTF-8 text (byte {error.start + 1})."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field="file") from None
    export = read_export(text)
    sums = []
    if export.begins is not None and export.ends is not None:
        async with doors.database.begin() as connection:
            sums = await reconciling.sums(
                connection,
                workspace_id=caller.workspace_id,
                providers=provider or [export.vendor],
                begins=export.begins,
                ends=export.ends,
            )
    return json_response(shown(compare(export, sums)))
