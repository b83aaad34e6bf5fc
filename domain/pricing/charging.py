"""A usage at given rates: every share times its price, summed exactly."""

from decimal import Context, Decimal, localcontext

from contracts.usage import Cost, Usage
from domain.pricing.rates import Rates
from domain.pricing.shares import Share, call_shares, input_shares, output_shares

_EXACT = Context(prec=60)
"""Enough digits for any product of counts and prices; all divisors are powers of ten."""


def charge(usage: Usage, rates: Rates) -> Cost:
    """The cost of one call at `rates`, in USD, exact. Shares without a price cost nothing and are named in `unpriced`."""
    parts: dict[str, Decimal] = {}
    unpriced: list[str] = []
    shares = [*input_shares(usage), *output_shares(usage), *call_shares(usage)]
    if "requests_kcount" in rates.prices:
        shares.append(Share("requests", 1, ("requests_kcount",)))
    with localcontext(_EXACT):
        for share in shares:
            found = rates.first(*share.prices)
            if found is None:
                unpriced.append(share.name)
            else:
                name, price = found
                parts[share.name] = plain(share.count * price / _per(name))
        total = plain(sum(parts.values(), Decimal(0)))
    return Cost(
        total=total,
        priced=not unpriced,
        price_source=rates.source,
        unit_prices=dict(rates.prices),
        parts=parts,
        unpriced=tuple(unpriced),
        stated=usage.stated_cost,
    )


def plain(amount: Decimal) -> Decimal:
    """The same amount without trailing zeros or an exponent that a database would spell otherwise."""
    short = amount.normalize(_EXACT)
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal(1), context=_EXACT) if isinstance(exponent, int) and exponent > 0 else short


def _per(price: str) -> int:
    return 1_000 if price.endswith("_kcount") else 1_000_000
