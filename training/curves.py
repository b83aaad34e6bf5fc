"""APGR and CPT of a difficulty score between a weak and a strong model, as RouteLLM defines them (arXiv:2406.18665, section 3).

With r the mean quality, PGR = (r(router) - r(weak)) / (r(strong) - r(weak)). APGR is its area over the share of calls that the
strong model answers, hardest first; CPT(x) the least share at which PGR reaches x. Rows of equal score change over together, on a
straight line. A router that picks by chance has 0.5, 0.5 and 0.8.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """PGR at each share of strong calls, both from 0 on, and what it comes to."""

    share: "Floats"
    recovered: "Floats"

    @property
    def apgr(self) -> float:
        """The area under the curve."""
        import numpy as np

        return float(np.trapezoid(self.recovered, self.share))

    def cpt(self, wanted: float) -> float:
        """The least share of strong calls at which PGR reaches `wanted`; 1 where only the whole does."""
        import numpy as np

        reached = self.recovered >= wanted - 1e-12
        if not reached.any():
            return 1.0
        at = int(np.argmax(reached))
        if at == 0:
            return 0.0
        low, high = self.recovered[at - 1], self.recovered[at]
        return float(self.share[at - 1] + (wanted - low) / (high - low) * (self.share[at] - self.share[at - 1]))


def curve(score: "Floats", weak: "Floats", strong: "Floats", counted: "Floats | None" = None) -> Curve:
    """The curve of sending the rows of highest score to the strong model first.

    `weak` and `strong`: each row's quality by either model; `counted`: how often each row counts, 1 unless told. Raises
    ValueError where the strong model is no better over all rows.
    """
    import numpy as np

    times = np.ones(len(score)) if counted is None else counted
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=np.inf))
    gains = np.add.reduceat(((strong - weak) * times)[order], starts)
    sizes = np.add.reduceat(times[order], starts)
    if gains.sum() <= 0:
        raise ValueError("there is no gap to recover: the strong model is not better than the weak one on these rows")
    share = np.concatenate([[0.0], np.cumsum(sizes)]) / sizes.sum()
    return Curve(share, np.concatenate([[0.0], np.cumsum(gains)]) / gains.sum())


def interval(score: "Floats", weak: "Floats", strong: "Floats", samples: int = 400) -> tuple[float, float]:
    """Between which values 95 of 100 resamplings of the rows have their APGR."""
    import numpy as np

    chance = np.random.default_rng(1)
    rows = len(score)
    found = [
        curve(score, weak, strong, chance.multinomial(rows, np.full(rows, 1 / rows)).astype(float)).apgr
        for _ in range(samples)
    ]
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)
