"""What the Claude API's models endpoint says (platform.claude.com/docs/en/api/models/list)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from contracts.catalog import LONGEST_NAME, DiscoveredModel
from contracts.routing import Capability

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

_PAGE = 1_000
_MOST_PAGES = 10
_CAPABILITIES = {
    "image_input": Capability.IMAGES,
    "pdf_input": Capability.DOCUMENTS,
    "structured_outputs": Capability.JSON_SCHEMA,
    "thinking": Capability.REASONING,
}


async def list_models(client: "AsyncAnthropic") -> tuple[DiscoveredModel, ...]:
    """All pages of the list, without the models that are retired."""
    found: list[DiscoveredModel] = []
    query: dict[str, object] = {"limit": _PAGE}
    for _ in range(_MOST_PAGES):
        body = await client.get("/v1/models", cast_to=object, options={"params": query})
        if not isinstance(body, dict):
            break
        found += _read(body.get("data"))
        if not body.get("has_more") or not body.get("last_id"):
            break
        query = {"limit": _PAGE, "after_id": body["last_id"]}
    return tuple(found)


def _read(rows: Any) -> Iterator[DiscoveredModel]:
    for row in rows if isinstance(rows, list) else ():
        name = row.get("id") if isinstance(row, dict) else None
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or row.get("lifecycle") == "retired":
            continue
        said = row.get("capabilities") or {}
        supported = {
            ours: bool(said[theirs].get("supported"))
            for theirs, ours in _CAPABILITIES.items()
            if isinstance(said.get(theirs), dict)
        }
        yield DiscoveredModel(
            name=name,
            window=row.get("max_input_tokens") or None,
            max_output=row.get("max_tokens") or None,
            can=frozenset(one for one, has in supported.items() if has),
            cannot=frozenset(one for one, has in supported.items() if not has),
            deprecated=row.get("lifecycle") == "deprecated",
        )
