"""Rows as the numbers that the head is given and the answers that are wanted of it."""

from typing import TYPE_CHECKING, Final

from contracts.routing import TaskType
from domain.classifying.embedding import embed
from domain.classifying.excerpt import clean, shorten
from domain.classifying.features import measure
from training.rows import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

TASKS: Final = tuple(task.value for task in TaskType)
_TOGETHER: Final = 64


def matrix(rows: list[Row]) -> "Floats":
    """(rows, inputs): what `domain.classifying.inputs` makes of each, many at once."""
    import numpy as np

    kept = [clean(row.text) for row in rows]
    seen = [
        measure(text, has_tools=row.has_tools, has_schema=row.has_schema, has_images=row.has_images)
        for text, row in zip(kept, rows, strict=True)
    ]
    cut = [shorten(text) for text in kept]
    vectors = [embed(cut[at : at + _TOGETHER]) for at in range(0, len(cut), _TOGETHER)]
    return np.hstack([np.concatenate(vectors).astype(np.float64), np.array(seen)])


def labels(rows: list[Row]) -> "Integers":
    """Each row's task as its place in `TASKS`, -1 where it has none."""
    import numpy as np

    return np.array([TASKS.index(row.task) if row.task else -1 for row in rows])


def weights(rows: list[Row]) -> "Floats":
    """How much each row's task counts."""
    import numpy as np

    return np.array([row.weight for row in rows])


def difficulties(rows: list[Row]) -> "Floats":
    """Each row's difficulty, from 0 to 1."""
    import numpy as np

    return np.array([row.difficulty for row in rows])
