"""The difficulty measured on prompts of which it is known whether a weak and a strong model answered them correctly.

No row of these ever reaches the shipped weights: out of domain they are only scored, in domain each fold's fit is thrown
away.
"""

import json
import lzma
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from domain.classifying.head import Head
from training.curves import Curve, curve, interval
from training.fitting import ridge, scaling
from training.matrices import matrix
from training.rows import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NAMES: Final = ("mmlu", "gsm8k")
WEAK, STRONG = "mixtral-8x7b-instruct", "gpt-4-1106-preview"
FOLDS: Final = 5
PENALTY_PER_ROW: Final = 2.0


def read(folder: Path, name: str) -> tuple[list[str], "Floats", "Floats"]:
    """The prompts and each one's quality (0 or 1) by the weak and by the strong model."""
    import numpy as np

    with lzma.open(folder / f"routing_{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
        stored = [json.loads(line) for line in lines]
    weak = np.array([float(row["correct"][WEAK]) for row in stored])
    strong = np.array([float(row["correct"][STRONG]) for row in stored])
    return [row["prompt"] for row in stored], weak, strong


def inputs(prompts: list[str]) -> "Floats":
    """What the classifier is given for prompts that come alone, without tools, schema or images."""
    return matrix([Row(prompt, None, 0.0, "") for prompt in prompts])


def within(given: "Floats", weak: "Floats", strong: "Floats") -> "Floats":
    """Each row's score by a ridge regression on the other folds' gains (the strong model's quality less the weak one's)."""
    import numpy as np

    fold = np.random.default_rng(0).permutation(len(weak)) % FOLDS
    score = np.zeros(len(weak))
    for held in range(FOLDS):
        seen, unseen = fold != held, fold == held
        mean, scale = scaling(given[seen])
        weights, bias = ridge((given[seen] - mean) / scale, (strong - weak)[seen], PENALTY_PER_ROW * int(seen.sum()))
        score[unseen] = (given[unseen] - mean) / scale @ weights + bias
    return score


def measured(head: Head, prompts: list[str], weak: "Floats", strong: "Floats") -> dict[str, Any]:
    """The figures of one benchmark: the shipped difficulty, the cross-validated fit, and what they stand beside."""
    import numpy as np

    given = inputs(prompts)
    shipped = head.difficulties(given)
    fitted = within(given, weak, strong)
    lengths = np.array([float(len(prompt)) for prompt in prompts])
    return {
        "rows": len(prompts),
        "weak": round(float(weak.mean()), 4),
        "strong": round(float(strong.mean()), 4),
        "shipped difficulty, out of domain": _figures(curve(shipped, weak, strong), interval(shipped, weak, strong)),
        "cross-validated fit, in domain": _figures(curve(fitted, weak, strong), interval(fitted, weak, strong)),
        "length of the prompt": _figures(curve(lengths, weak, strong), None),
        "chance": _figures(curve(np.zeros(len(weak)), weak, strong), None),
        "oracle": _figures(curve(strong - weak, weak, strong), None),
    }


def _figures(of: Curve, between: tuple[float, float] | None) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "apgr": round(of.apgr, 3),
        "cpt50": round(of.cpt(0.5), 3),
        "cpt80": round(of.cpt(0.8), 3),
    }
    if between:
        figures["apgr_interval"] = [round(end, 3) for end in between]
    return figures
