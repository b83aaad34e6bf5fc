"""Anthropic's costs as its interface answers them.

`GET /v1/organizations/cost_report` (platform.claude.com/docs/en/api/admin/cost_report): an amount is a text in the lowest unit of
its currency, "123.45" being 1.2345 USD. To be compared by models it has to be asked for with `group_by[]=description`.
"""

from collections.abc import Sequence
from decimal import Decimal

from contracts.reconciling import TOOLS, Figures
from domain.reconciling.amounts import amount, moment
from domain.reconciling.export import Export, Line
from domain.reconciling.faults import quoted, wrong_place
from domain.reconciling.pages import Node, notes_of, read_buckets, text

SHAPE = "Anthropic costs, JSON"
_CENT = Decimal("0.01")
_TOKENS = "tokens"


def read(pages: Sequence[Node]) -> Export:
    """The export."""
    buckets = read_buckets(pages, "starting_at", "ending_at", moment)
    lines = [Line(bucket.day, _model(one), _figures(one)) for bucket in buckets for one in bucket.results]
    begins = min((one.begins for one in buckets), default=None)
    ends = max((one.ends for one in buckets), default=None)
    return Export("anthropic", "costs", SHAPE, tuple(lines), begins, ends, notes=notes_of(pages))


def _model(one: Node) -> str | None:
    kind = one.given("cost_type", text)
    return one.given("model", text) if kind in (None, _TOKENS) else TOOLS


def _figures(one: Node) -> Figures:
    currency = one.given("currency", text)
    if currency is not None and currency.upper() != "USD":
        raise wrong_place(f"{one.place}.currency", f"{quoted(currency)}: amounts are compared in USD.")
    return Figures(cost=one.read("amount", amount) * _CENT)
