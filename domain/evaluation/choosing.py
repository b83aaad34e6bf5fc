"""Ways of routing with a knob: for each row, who answers at its start, and at which of its places another takes over."""

from collections.abc import Callable, Sequence

from domain.evaluation.curve import Change, Curve, Point, walk
from domain.evaluation.rows import Row, Rows

Turns = tuple[str, Sequence[tuple[float, str]]]
"""The model that answers a row at first, and the places at which the next takes over, with its name, by rising place."""


def turned(rows: Rows, turns: Callable[[int, Row], Turns]) -> Curve:
    """The curve of a way of routing. `turns` is asked once for each row, with its index."""
    spent = quality = usd = 0.0
    changes: list[Change] = []
    for index, row in enumerate(rows.rows):
        model, following = turns(index, row)
        spent, quality, usd = spent + rows.spent(row, model), quality + row.quality[model], usd + rows.usd(row, model)
        for at, successor in following:
            changes.append(
                Change(
                    at=at,
                    spent=rows.spent(row, successor) - rows.spent(row, model),
                    quality=row.quality[successor] - row.quality[model],
                    usd=rows.usd(row, successor) - rows.usd(row, model),
                )
            )
            model = successor
    size = len(rows)
    return walk(Point(spent / size, quality / size, usd / size if rows.has_costs else None), changes, size)


def envelope(models: Sequence[tuple[str, float, float]]) -> Turns:
    """Who has the highest `base + knob * gain` as the knob rises from 0 without end; `models` are (name, gain, base).

    Each change is a corner of the upper envelope of these lines. Equal ones: the first named.
    """
    name, gain, base = max(models, key=lambda one: (one[2], one[1]))
    turns: list[tuple[float, str]] = []
    current, at = (gain, base), 0.0
    while True:
        steeper = [((current[1] - b) / (g - current[0]), -g, n, g, b) for n, g, b in models if g > current[0]]
        if not steeper:
            return name, turns
        at, _, successor, g, b = min(steeper, key=lambda one: one[:2])
        turns.append((at, successor))
        current = (g, b)
