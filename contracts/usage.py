"""Tokens used and money spent, in one normal form whose parts sum to the provider's total."""

from decimal import Decimal

from contracts.base import Contract


class Usage(Contract):
    """Tokens of one call. The parts are disjoint: `input_uncached + cache_read + cache_write` is the whole input.

    `output` is the whole output; `reasoning` is the share of `output` that was thought, `citation` the share that quoted
    sources (Perplexity). `cache_write_1h` is the share of `cache_write` that is kept for an hour (Anthropic). Audio, image and
    video counts are shares of input, output and `cache_read`; what is none of them is text. `estimated` says that the vendor
    reported nothing and we counted. Searches and executions are calls of the vendor's own tools that it bills by call.

    `speed`, `geo` and `search_context` are the vendor's words for what changed the price (Anthropic's fast mode and place of
    inference, Perplexity's depth of search), empty where it said none. `stated_cost` is what the provider itself says that the
    call costs, in USD.
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
    input_image: int = 0
    input_video: int = 0
    output_image: int = 0
    cache_read_audio: int = 0
    cache_read_image: int = 0
    cache_read_video: int = 0
    citation: int = 0
    file_searches: int = 0
    social_searches: int = 0
    attachment_searches: int = 0
    code_executions: int = 0
    speed: str = ""
    geo: str = ""
    search_context: str = ""
    stated_cost: Decimal | None = None

    @property
    def input(self) -> int:
        """All input tokens, cached or not."""
        return self.input_uncached + self.cache_read + self.cache_write

    @property
    def total(self) -> int:
        """All tokens of the call."""
        return self.input + self.output


class Cost(Contract):
    """What a call cost, in USD. `priced` is False where a price is unknown; what is unknown counts zero in `total`.

    `price_source` names the price list and its version, and the override that was laid over it; `unit_prices` are USD as charged,
    per million tokens (`_mtok`) or per thousand calls (`_kcount`). `parts` are what each share of the usage cost and sum to
    `total` exactly; they are empty where several calls are summed. `unpriced` names the shares that no price is known of.
    `stated` is the provider's own word for the charge, beside ours; where the policy charges that, `computed` is ours.
    """

    total: Decimal = Decimal(0)
    priced: bool = True
    price_source: str = ""
    unit_prices: dict[str, Decimal] = {}
    parts: dict[str, Decimal] = {}
    unpriced: tuple[str, ...] = ()
    stated: Decimal | None = None
    computed: Decimal | None = None

    @property
    def difference(self) -> Decimal | None:
        """The provider's charge less ours, in USD; None where it stated none or no price of ours is known."""
        ours = self.computed if "stated" in self.parts else self.total
        return None if self.stated is None or ours is None else self.stated - ours
