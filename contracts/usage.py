"""Tokens used and money spent, in one normal form whose parts sum to the provider's total."""

from decimal import Decimal

from contracts.base import Contract


class Usage(Contract):
    """Tokens of one call. The parts are disjoint: `input_uncached + cache_read + cache_write` is the whole input.

    `output` is the whole output; `reasoning` is the share of `output` that was thought. `cache_write_1h` is the share of
    `cache_write` that is kept for an hour (Anthropic). Audio counts are shares of input and output. `estimated` says
    that the vendor reported nothing and we counted. `web_searches` counts server-side searches that are billed by call.
    """

    input_uncached: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    cache_write_1h: int = 0
    input_audio: int = 0
    output_audio: int = 0
    web_searches: int = 0
    estimated: bool = False

    @property
    def input(self) -> int:
        """All input tokens, cached or not."""
        return self.input_uncached + self.cache_read + self.cache_write

    @property
    def total(self) -> int:
        """All tokens of the call."""
        return self.input + self.output


class Cost(Contract):
    """What a call cost, in USD. `priced` is False where the model's price is unknown; `total` is then zero.

    `price_source` names the price list and its version; `unit_prices` are USD per million tokens, as charged.
    """

    total: Decimal = Decimal(0)
    priced: bool = True
    price_source: str = ""
    unit_prices: dict[str, Decimal] = {}
