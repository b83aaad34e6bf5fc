"""The curve of a way of routing: what it reaches for what it spends."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Point:
    """Means over all rows. `spent` runs from 0 (the weak model answers all) to 1 (the strong one does), and may leave it.

    With two models it is the share of calls that the strong one answers; with more, the share of the way from the weak model's
    cost to the strong one's. `quality` runs from 0 to 1. `usd` is the cost of one prompt, None where the rows name no cost.
    """

    spent: float
    quality: float
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """Points by rising `spent`, at least one. A single point is a way of routing that has no knob."""

    points: tuple[Point, ...]

    @property
    def has_knob(self) -> bool:
        """Whether it can be had at more than one price."""
        return len(self.points) > 1


@dataclass(frozen=True, slots=True)
class Change:
    """What turning the knob to `at` changes: one row is answered by another model. The amounts are differences for that row."""

    at: float
    spent: float
    quality: float
    usd: float


def walk(start: Point, changes: Iterable[Change], rows: int) -> Curve:
    """The curve from `start` (means) as the knob rises through all changes.

    Rows that change at the same place change together, so that a tie is the line between its ends: what breaking it by chance
    would give on average. Points of one price keep the order of the walk.
    """
    spent, quality, usd = start.spent, start.quality, start.usd
    points = [start]
    for _, together in groupby(sorted(changes, key=lambda change: change.at), key=lambda change: change.at):
        for change in together:
            spent += change.spent / rows
            quality += change.quality / rows
            usd = None if usd is None else usd + change.usd / rows
        points.append(Point(spent, quality, usd))
    return Curve(tuple(sorted(points, key=lambda point: point.spent)))
