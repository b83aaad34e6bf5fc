"""APGR and CPT, as RouteLLM defines them (arXiv:2406.18665, section 3).

With r the mean quality, the performance gap recovered is PGR = (r(router) - r(weak)) / (r(strong) - r(weak)). APGR is its mean
over the share of strong calls from 0 to 100 %; the paper takes ten steps of it, here it is the area under the curve itself, to
which those steps converge. CPT(x %) is the least share of strong calls at which PGR reaches x %. A router that picks by
chance has an APGR of 0.5, a CPT(50 %) of 0.5 and a CPT(80 %) of 0.8, whatever the models are.
"""

from dataclasses import dataclass

from domain.evaluation.curve import Curve, Point


@dataclass(frozen=True, slots=True)
class Measures:
    """What a curve comes to. A CPT is None where the curve never recovers so much."""

    apgr: float
    cpt50: float | None
    cpt80: float | None


def recovered(quality: float, *, weak: float, strong: float) -> float:
    """PGR: the share of the gap between the weak and the strong model's quality. Raises ValueError where there is no gap."""
    return (quality - weak) / _gap(weak, strong)


def apgr(curve: Curve, *, weak: float, strong: float) -> float:
    """The area under PGR over `spent` from 0 to 1. Before the curve's first point and after its last one it is level."""
    first, last = curve.points[0], curve.points[-1]
    area = _within(first.spent) * first.quality + (1 - _within(last.spent)) * last.quality
    for before, point in zip(curve.points, curve.points[1:], strict=False):
        left, right = _within(before.spent), _within(point.spent)
        if right > left:
            area += (right - left) * (_line(before, point, left) + _line(before, point, right)) / 2
    return recovered(area, weak=weak, strong=strong)


def cpt(curve: Curve, share: float, *, weak: float, strong: float) -> float | None:
    """The least `spent` (0 and above) at which PGR reaches `share` (0 to 1); None where it never does."""
    wanted = weak + share * _gap(weak, strong) - 1e-12  # sums of many rows round off
    before = curve.points[0]
    if before.quality >= wanted:
        return max(0.0, before.spent)
    for point in curve.points[1:]:
        if point.quality >= wanted:
            part = (wanted - before.quality) / (point.quality - before.quality)
            return max(0.0, before.spent + part * (point.spent - before.spent))
        before = point
    return None


def measures(curve: Curve, *, weak: float, strong: float) -> Measures:
    """All of them. Raises ValueError where the strong model is not better than the weak one."""
    return Measures(
        apgr=apgr(curve, weak=weak, strong=strong),
        cpt50=cpt(curve, 0.5, weak=weak, strong=strong),
        cpt80=cpt(curve, 0.8, weak=weak, strong=strong),
    )


def _gap(weak: float, strong: float) -> float:
    if strong <= weak:
        raise ValueError(f"there is no gap to recover: the strong model's quality {strong:g} is not above {weak:g}")
    return strong - weak


def _within(spent: float) -> float:
    return max(0.0, min(1.0, spent))


def _line(before: Point, point: Point, spent: float) -> float:
    """The quality at `spent` on the line through two points of different `spent`."""
    return before.quality + (point.quality - before.quality) * (spent - before.spent) / (point.spent - before.spent)
