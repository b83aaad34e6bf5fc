"""A catalog's numbers as columns, so that thousands of models are priced, timed and scored at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.catalog.entry import ModelEntry
from domain.routing.latency import Paces, usual_pace
from domain.routing.needs import Needs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """One number for each model. Prices are USD per token, NaN where no list says; `longest` is an answer's length in tokens."""

    input: "Floats"
    output: "Floats"
    cached: "Floats"
    dearest_input: "Floats"
    longest: "Floats"
    quality: "Floats"
    first_token: "Floats"
    per_token: "Floats"

    def likely(self, needs: Needs, *, holder: int | None = None, cached_tokens: int = 0) -> "Floats":
        """USD of a usual answer; the model at `holder` has so many tokens of the prompt in its cache."""
        usd: Floats = needs.input_tokens * self.input + needs.likely_answer * self.output
        if holder is not None and cached_tokens:
            usd[holder] += min(cached_tokens, needs.input_tokens) * (self.cached[holder] - self.input[holder])
        return usd

    def worst(self, needs: Needs) -> "Floats":
        """USD of the longest answer that the request allows, nothing cached."""
        import numpy as np

        answer = np.minimum(float(needs.worst_answer(None)), self.longest)
        usd: Floats = needs.input_tokens * self.dearest_input + answer * self.output
        return usd

    def seconds(self, tokens: int) -> "Floats":
        """The usual time of an answer with so many tokens."""
        return Paces(self.first_token, self.per_token).seconds(tokens)


def columns(entries: Sequence[ModelEntry]) -> Columns:
    """The columns of a catalog."""
    import numpy as np

    rows = [_row(entry) for entry in entries]
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 8).T
    return Columns(*(np.ascontiguousarray(column) for column in table))


def _row(entry: ModelEntry) -> tuple[float, ...]:
    unknown, pace, prices = float("nan"), usual_pace(entry.speed), entry.prices
    longest = float("inf") if entry.max_output is None else float(entry.max_output)
    rest = (longest, entry.quality, pace.first_token, pace.per_token)
    if prices is None or prices.input is None or prices.output is None:
        return (unknown, unknown, unknown, unknown, *rest)
    cached = prices.input if prices.cache_read is None else prices.cache_read
    dearest = max(prices.input, prices.cache_write or prices.input)
    return (
        float(prices.input) / _MILLION,
        float(prices.output) / _MILLION,
        float(cached) / _MILLION,
        float(dearest) / _MILLION,
        *rest,
    )


def members(mask: int, size: int) -> "Bools":
    """A set of models (see `domain.routing.masks`) as one truth for each of `size` models."""
    import numpy as np

    raw = np.frombuffer((mask & ((1 << size) - 1)).to_bytes((size + 7) // 8, "little"), dtype=np.uint8)
    return np.unpackbits(raw, count=size, bitorder="little").astype(np.bool_)


def mask_where(truths: "Bools") -> int:
    """The set of the models for which it is true."""
    import numpy as np

    return int.from_bytes(np.packbits(truths, bitorder="little").tobytes(), "little")
