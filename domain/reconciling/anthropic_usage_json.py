"""Anthropic's usage as its interface answers it.

`GET /v1/organizations/usage_report/messages` (platform.claude.com/docs/en/api/admin/usage_report). To be compared by models it
has to be asked for with `group_by[]=model`.
"""

from collections.abc import Sequence

from contracts.reconciling import Figures
from domain.reconciling.amounts import count, moment
from domain.reconciling.export import Export, Line
from domain.reconciling.pages import Node, notes_of, read_buckets, text

SHAPE = "Anthropic usage, JSON"
_WRITES = ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")


def read(pages: Sequence[Node]) -> Export:
    """The export."""
    buckets = read_buckets(pages, "starting_at", "ending_at", moment)
    lines = [Line(bucket.day, one.given("model", text), _figures(one)) for bucket in buckets for one in bucket.results]
    begins = min((one.begins for one in buckets), default=None)
    ends = max((one.ends for one in buckets), default=None)
    return Export("anthropic", "usage", SHAPE, tuple(lines), begins, ends, notes=notes_of(pages))


def _figures(one: Node) -> Figures:
    creation, tools = one.child("cache_creation"), one.child("server_tool_use")
    written = sum(creation.given(name, count) or 0 for name in _WRITES) if creation is not None else 0
    cached = one.given("cache_read_input_tokens", count) or 0
    return Figures(
        input=one.read("uncached_input_tokens", count) + cached + written,
        cache_read=cached,
        cache_write=written,
        output=one.read("output_tokens", count),
        searches=None if tools is None else tools.given("web_search_requests", count),
    )
