"""The curve of a score: the strong model answers the rows whose score is highest."""

from collections.abc import Sequence

from domain.evaluation.curve import Change, Curve, Point, walk


def threshold_curve(scores: Sequence[float], weak: Sequence[float], strong: Sequence[float]) -> Curve:
    """For every threshold at once: rows with a score above it go to the strong model.

    One number a row: its score (any finite scale; the higher, the harder), and each model's quality (0 to 1). Rows of one score
    go over together. Raises ValueError where the lengths differ or there is no row.
    """
    if not scores or not len(scores) == len(weak) == len(strong):
        raise ValueError("a curve needs at least one row, and one score and two qualities for each")
    changes = [
        Change(at=-score, spent=1.0, quality=better - worse, usd=0.0)
        for score, worse, better in zip(scores, weak, strong, strict=True)
    ]
    return walk(Point(0.0, sum(weak) / len(weak)), changes, len(scores))
