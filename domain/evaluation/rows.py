"""Rows of prompts whose answers were judged and, mostly, paid for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from statistics import fmean


@dataclass(frozen=True, slots=True)
class Row:
    """One prompt. `quality` (0 to 1) and `usd` by model; `usd` is None where costs are not known.

    `difficulty` (0 to 1) is a predictor's word that came with the row.
    """

    prompt: str
    quality: Mapping[str, float]
    usd: Mapping[str, float] | None = None
    difficulty: float | None = None


@dataclass(frozen=True)
class Rows:
    """Rows over the same two or more models, either all with costs or none. Raises ValueError where they are not."""

    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        if not self.rows:
            raise ValueError("there is no row to evaluate on")
        if len(self.models) < 2:
            raise ValueError("there is nothing to route between: the rows must hold two models or more")
        if len(self.models) > 2 and not self.has_costs:
            raise ValueError("rows over more than two models need a cost for each")
        if self.mean_quality[self.strong] <= self.mean_quality[self.weak]:
            raise ValueError(f"there is nothing to route: {self.strong} is the cheapest and the best")

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The models, as the first row names them."""
        return tuple(self.rows[0].quality)

    @property
    def has_costs(self) -> bool:
        """Whether costs are known."""
        return self.rows[0].usd is not None

    @cached_property
    def mean_quality(self) -> Mapping[str, float]:
        """Each model's quality over all rows: its tier, as a catalog made from these rows would have it."""
        return {model: fmean(row.quality[model] for row in self.rows) for model in self.models}

    @cached_property
    def mean_usd(self) -> Mapping[str, float] | None:
        """Each model's cost of one prompt; None where costs are not known."""
        if not self.has_costs:
            return None
        return {model: fmean((row.usd or {})[model] for row in self.rows) for model in self.models}

    @cached_property
    def strong(self) -> str:
        """The best single model; of equals, the cheaper, then the first by name."""
        usd = self.mean_usd or {}
        return min(self.models, key=lambda model: (-self.mean_quality[model], usd.get(model, 0.0), model))

    @cached_property
    def weak(self) -> str:
        """Of two models the other one; of more, the cheapest."""
        if len(self.models) == 2:
            return next(model for model in self.models if model != self.strong)
        usd = self.mean_usd or {}
        return min(self.models, key=lambda model: (usd[model], -self.mean_quality[model], model))

    def usd(self, row: Row, model: str) -> float:
        """What the model's answer to the row cost; 0 where costs are not known."""
        return row.usd[model] if row.usd is not None else 0.0

    def price(self, row: Row, model: str) -> float:
        """What the model's answer costs as routing compares it: USD, or without costs 1 for the strong model and else 0."""
        return row.usd[model] if row.usd is not None else float(model == self.strong)

    def spent(self, row: Row, model: str) -> float:
        """What the model's answer adds to `Point.spent`, before the mean over rows."""
        if len(self.models) == 2:
            return float(model == self.strong)
        usd = self.mean_usd or {}
        return (self.usd(row, model) - usd[self.weak]) / (usd[self.strong] - usd[self.weak])

    def difficulties(self, predictor: Callable[[str], float] | None) -> Sequence[float] | None:
        """Each row's difficulty, held to 0..1: the predictor's, else the row's own; None where some row has neither.

        Raises ValueError where the predictor gives no number.
        """
        said = [predictor(row.prompt) if predictor else row.difficulty for row in self.rows]
        if any(one is not None and isnan(one) for one in said):
            raise ValueError("the predictor gave no number for some prompt")
        known = [min(1.0, max(0.0, one)) for one in said if one is not None]
        return known if len(known) == len(said) else None
