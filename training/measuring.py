"""What the head gets right on rows that it was not trained on, and how long a judgement takes."""

import time
from collections import Counter
from typing import Any

from domain.classifying.classifier import Classifier
from domain.classifying.head import Head
from training.matrices import TASKS, difficulties, labels, matrix
from training.rows import Row


def figures(head: Head, rows: list[Row]) -> dict[str, Any]:
    """Accuracy, confidence and mix-ups of the task, mean error and correlation of the difficulty."""
    import numpy as np

    given = matrix(rows)
    shares, wanted = head.probabilities(given), labels(rows)
    judged, graded = head.difficulties(given), difficulties(rows)
    named = wanted >= 0
    said = shares.argmax(axis=1)
    pairs = Counter((TASKS[a], TASKS[b]) for a, b in zip(wanted[named], said[named], strict=True))
    return {
        "rows": len(rows),
        "rows with a task": int(named.sum()),
        "accuracy": round(float((said == wanted)[named].mean()), 4),
        "mean confidence": round(float(shares.max(axis=1)[named].mean()), 4),
        "tasks": {task: _task(task, pairs) for task in TASKS if any(wanted[named] == TASKS.index(task))},
        "mix-ups": [[true, taken, times] for (true, taken), times in pairs.most_common() if true != taken][:6],
        "difficulty error": round(float(np.abs(judged - graded).mean()), 4),
        "difficulty correlation": round(float(np.corrcoef(judged, graded)[0, 1]), 4),
    }


def _task(task: str, pairs: Counter[tuple[str, str]]) -> dict[str, float | int]:
    right = pairs[task, task]
    true = sum(times for (wanted, _), times in pairs.items() if wanted == task)
    taken = sum(times for (_, said), times in pairs.items() if said == task)
    return {"rows": true, "recall": round(right / true, 3), "precision": round(right / taken, 3) if taken else 0.0}


def timed(texts: list[str]) -> dict[str, float]:
    """Milliseconds of processor time per judgement, one at a time."""
    import numpy as np

    classifier = Classifier.load()
    spent = []
    for text in texts:
        before = time.thread_time()
        classifier.classify(text)
        spent.append((time.thread_time() - before) * 1000)
    half, most = np.quantile(spent, [0.5, 0.95])
    return {"p50": round(float(half), 1), "p95": round(float(most), 1)}
