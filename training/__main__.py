"""`python -m training [--recordings FOLDER]`: fit the classifier's weights anew from the authored prompts, and write the report.

The same rows give the same weights. With the folder of recordings the difficulty is also measured on the benchmarks there.
"""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any, Final

from domain.classifying.features import NAMES
from domain.classifying.head import SHIPPED, Head
from training import benchmarks, report
from training.exams import exam_rows, story_rows
from training.fitting import fit
from training.matrices import TASKS, difficulties, labels, matrix, weights
from training.measuring import figures, timed
from training.prompts import one_off_rows, template_rows
from training.rows import FOLDER, Row

TASK_PENALTY: Final = 50.0
DIFFICULTY_PENALTY: Final = 500.0
"""Both chosen by four-fold cross-validation over the training rows, whole templates left out; never by a held-out row."""

FIGURES: Final = FOLDER / "figures.json"


def training_rows() -> list[Row]:
    """All rows that the weights are fitted to."""
    return [*template_rows("train"), *exam_rows("train"), *story_rows("train")]


def held_out_rows() -> dict[str, list[Row]]:
    """The rows that are measured on, by what they are."""
    return {
        "unseen templates": template_rows("held out"),
        "unseen exam subjects": exam_rows("held out"),
        "unseen stories": story_rows("held out"),
        "one-off requests": one_off_rows(),
    }


def trained(rows: list[Row]) -> Head:
    """The head fitted to the rows."""
    return fit(
        matrix(rows),
        labels(rows),
        weights(rows),
        difficulties(rows),
        TASKS,
        NAMES,
        task_penalty=TASK_PENALTY,
        difficulty_penalty=DIFFICULTY_PENALTY,
    )


def main() -> None:
    """Train, write the weights, measure, write the report."""
    arguments = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    arguments.add_argument(
        "--recordings", type=Path, help="folder with routing_mmlu.jsonl.xz and routing_gsm8k.jsonl.xz"
    )
    folder: Path | None = arguments.parse_args().recordings
    rows = training_rows()
    trained(rows).write()
    head = Head.read()
    held_out = held_out_rows()
    found: dict[str, Any] = {
        "weights": hashlib.sha256(SHIPPED.read_bytes()).hexdigest(),
        "training rows": len(rows),
        "features": len(NAMES),
        "held out": {name: figures(head, of) for name, of in held_out.items()},
        "milliseconds": timed([row.text for of in held_out.values() for row in of[::2]]),
        "benchmarks": _benchmarks(head, folder),
    }
    FIGURES.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    report.PAGE.write_text(report.page(found), encoding="utf-8")
    print(f"Wrote {SHIPPED.name}, {FIGURES.name} and {report.PAGE.name}.")


def _benchmarks(head: Head, folder: Path | None) -> dict[str, Any]:
    """Measured anew where the recordings are given; else those of before, if the weights are still the same."""
    if folder is not None:
        return {name: benchmarks.measured(head, *benchmarks.read(folder, name)) for name in benchmarks.NAMES}
    if FIGURES.exists():
        before = json.loads(FIGURES.read_text(encoding="utf-8"))
        if before["weights"] == hashlib.sha256(SHIPPED.read_bytes()).hexdigest():
            return dict(before["benchmarks"])
    return {}


if __name__ == "__main__":
    main()
