"""OpenAI's costs as its interface answers them.

`GET /v1/organization/costs` (platform.openai.com/docs/api-reference/usage/costs; the fields are those of
`openai.types.admin.organization.usage_costs_response` in the official SDK, 3.52). To be compared by models it has to be asked for
with `group_by=line_item`.
"""

from collections.abc import Sequence

from contracts.reconciling import Figures
from domain.reconciling.amounts import amount, second
from domain.reconciling.export import Export, Line
from domain.reconciling.faults import quoted, wrong_place
from domain.reconciling.openai_costs import model_of
from domain.reconciling.pages import Node, notes_of, read_buckets, text

SHAPE = "OpenAI costs, JSON"
RESULT = "organization.costs.result"


def read(pages: Sequence[Node]) -> Export:
    """The export."""
    buckets = read_buckets(pages, "start_time", "end_time", second)
    lines = [
        Line(bucket.day, model_of(one.given("line_item", text)), _figures(charge))
        for bucket in buckets
        for one in bucket.results
        if (charge := _charge(one)) is not None
    ]
    begins = min((one.begins for one in buckets), default=None)
    ends = max((one.ends for one in buckets), default=None)
    return Export("openai", "costs", SHAPE, tuple(lines), begins, ends, notes=notes_of(pages))


def _charge(one: Node) -> Node | None:
    if one.read("object", text) != RESULT:
        raise wrong_place(f"{one.place}.object", f"{quoted(one.value['object'])}: a result of costs is expected.")
    return one.child("amount")


def _figures(charge: Node) -> Figures:
    currency = charge.given("currency", text)
    if currency is not None and currency.lower() != "usd":
        raise wrong_place(f"{charge.place}.currency", f"{quoted(currency)}: amounts are compared in usd.")
    return Figures(cost=charge.read("value", amount))
