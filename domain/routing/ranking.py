"""Ranking those that fit, by strategy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.routing import Strategy
from domain.routing.columns import members
from domain.routing.difficulty import Demand
from domain.routing.request import Request
from domain.routing.sharing import in_flight, pool_of, rotated
from domain.routing.worth import Worth, worth

if TYPE_CHECKING:
    from domain.routing.columns import Floats


@dataclass(frozen=True, slots=True)
class Standing:
    """A model's place. `score` ranks, and may leave 0 to 1 by what was `learned`; `usd` is its likely price, None if unknown."""

    position: int
    score: float
    quality: float
    usd: float | None
    learned: float = 0.0

    @property
    def shown(self) -> float:
        """The score as it is shown, from 0 to 1."""
        return round(max(0.0, min(1.0, self.score)), 4)


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """`order` holds positions, the best first; `scores` one number for each model of the catalog.

    `pool` is how many of the first take turns or share the load.
    """

    strategy: Strategy
    demand: Demand
    order: tuple[int, ...]
    scores: "Floats"
    worth: Worth
    request: Request
    pool: int = 0

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[Standing]:
        return (self.standing(position) for position in self.order)

    def __contains__(self, position: int) -> bool:
        return position in self.order

    def standing(self, position: int) -> Standing:
        """The standing of the model at `position`."""
        usd = float(self.worth.usd[position])
        return Standing(
            position,
            float(self.scores[position]),
            self.request.book.entries[position].quality,
            None if usd != usd else usd,  # NaN is the one number that is not itself
            0.0 if self.worth.learned is None else float(self.worth.learned[position]),
        )

    @property
    def best(self) -> Standing:
        """The first."""
        return self.standing(self.order[0])

    @property
    def lowest_usd(self) -> float:
        """The lowest likely price that is known of any; infinite where none is."""
        return min((usd for usd in self.worth.usd[list(self.order)].tolist() if usd == usd), default=float("inf"))

    def after_best(self, count: int) -> tuple[Standing, ...]:
        """At most `count` that follow the best."""
        return tuple(self.standing(position) for position in self.order[1 : count + 1])


def rank(request: Request, strategy: Strategy, demand: Demand, among: int) -> Ranking:
    """Rank the models of the set `among`. Equal scores: the better, then the cheaper, then the earlier in the catalog."""
    value = worth(request, strategy, demand)
    order = _sorted(request, value, among)
    match strategy:
        case "round_robin":
            pool = rotated(pool_of(request, order), request.situation.rotation)
            points = [1 - i / (2 * len(pool)) for i in range(len(pool))]
        case "least_busy":
            calls = in_flight(request)
            place = {position: i for i, position in enumerate(order)}
            pool = sorted(pool_of(request, order), key=lambda one: (calls.get(one, 0), place[one]))
            points = [0.5 + 0.5 / (1 + calls.get(one, 0)) for one in pool]
        case _:
            return Ranking(strategy, demand, tuple(order), value.scores, value, request)
    # The pool stands first, from a half upwards; the rest behind it, below a half.
    scores = value.scores / 2
    scores[pool] = points
    behind = [position for position in order if position not in pool]
    return Ranking(strategy, demand, (*pool, *behind), scores, value, request, pool=len(pool))


def _sorted(request: Request, value: Worth, among: int) -> list[int]:
    import numpy as np

    positions = np.flatnonzero(members(among, len(request.book.entries)))
    usd = value.usd[positions]
    order = np.lexsort(
        (
            positions,
            np.where(np.isnan(usd), np.inf, usd),
            -request.book.columns.quality[positions],
            -value.scores[positions],
        )
    )
    ranked: list[int] = positions[order].tolist()
    return ranked
