"""The curve of a way of routing: what it reaches for what it spends."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
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

    def at(self, spent: float) -> Point:
        """What it reaches for so much: in a line between two points, and level before the first and after the last."""
        place = bisect_right(self.points, spent, key=lambda point: point.spent)
        if place == 0:
            return replace(self.points[0], spent=spent)
        before = self.points[place - 1]
        if place == len(self.points):
            return replace(before, spent=spent)
        after = self.points[place]
        share = (spent - before.spent) / (after.spent - before.spent)
        usd = None
        if before.usd is not None and after.usd is not None:
            usd = before.usd + share * (after.usd - before.usd)
        return Point(spent, before.quality + share * (after.quality - before.quality), usd)


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
