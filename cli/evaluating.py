"""`perdure models evaluate`: check on judged answers what a way of routing is worth."""

import gzip
import json
import lzma
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO, cast

import typer

from cli.exits import Exit, fail

if TYPE_CHECKING:
    from domain.evaluation import Evaluation, Result
    from domain.evaluation.evaluating import Evaluated

Predictor = Callable[[str], float]

_STEPS = tuple(step / 20 for step in range(21))
"""Where a curve is told in JSON; the table tells every other fifth part of it."""


def evaluate_models(
    file: Annotated[
        str, typer.Argument(help="JSON lines of judged answers, plain, .gz or .xz; - reads standard input.")
    ],
    strategy: Annotated[
        list[str] | None, typer.Option(help="Only this strategy; may be repeated. Else all that the rows can judge.")
    ] = None,
    predictor: Annotated[
        str | None,
        typer.Option(
            help="What tells a prompt's difficulty: length, classifier, or MODULE:FUNCTION. Else the rows' own scores."
        ),
    ] = None,
    cost_weight: Annotated[float, typer.Option(min=0, help="How much cost counts in balanced.")] = 0.6,
    quality_weight: Annotated[float, typer.Option(min=0, help="How much quality counts in balanced.")] = 0.4,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """Report what each strategy buys for its cost, beside chance, the best single model and an oracle."""
    from contracts.policies import Weights
    from domain.evaluation import EVALUATED, evaluate, read_rows

    unknown = [name for name in strategy or () if name not in EVALUATED]
    if unknown:
        fail(f"Such rows cannot judge the strategy {unknown[0]!r}. They can judge {', '.join(EVALUATED)}.", Exit.USAGE)
    if cost_weight + quality_weight == 0:
        fail("One of --cost-weight and --quality-weight must be above 0.", Exit.USAGE)
    told = _predictor(predictor) if predictor else None
    try:
        with _opened(file) as lines:
            rows = read_rows(lines)
        found = evaluate(
            rows,
            cast("list[Evaluated] | None", strategy or None),
            predictor=told,
            weights=Weights(cost=cost_weight, quality=quality_weight),
        )
    except FileNotFoundError:
        fail(f"There is no file {file}.", Exit.NOT_FOUND)
    except (OSError, EOFError, lzma.LZMAError) as error:
        fail(f"{file} cannot be read: {error}.")
    except ValueError as error:  # UnicodeDecodeError is one
        fail(f"{file}: {error}.", Exit.USAGE)
    print(json.dumps(_as_json(found))) if as_json else _show(found)


@contextmanager
def _opened(file: str) -> Iterator[TextIO]:
    if file == "-":
        yield sys.stdin
        return
    packed: dict[str, Callable[..., Any]] = {".xz": lzma.open, ".gz": gzip.open}
    with packed.get(Path(file).suffix, open)(file, "rt", encoding="utf-8") as lines:
        yield lines


def _predictor(name: str) -> Predictor:
    """`length`, `classifier`, or a function of the caller's own, `MODULE:FUNCTION`, found as Python finds modules from here."""
    if name == "length":
        return _by_length
    if name == "classifier":
        from domain.classifying import Classifier

        classifier = Classifier.load()
        return lambda prompt: classifier.classify(prompt).difficulty
    module, colon, function = name.partition(":")
    if not colon:
        fail(
            f"No predictor is called {name!r}. There are length and classifier; your own is MODULE:FUNCTION.",
            Exit.USAGE,
        )
    from importlib import import_module

    sys.path.insert(0, str(Path.cwd()))
    try:
        return cast("Predictor", getattr(import_module(module), function))
    except (ImportError, AttributeError) as error:
        fail(f"The predictor {name!r} cannot be loaded: {error}.", Exit.USAGE)


def _by_length(prompt: str) -> float:
    """The longer the harder, a half at 1,000 characters: what any other predictor should beat."""
    return len(prompt) / (len(prompt) + 1000)


def _as_json(found: "Evaluation") -> dict[str, Any]:
    from dataclasses import asdict

    def result(one: "Result") -> dict[str, Any]:
        curve = None if one.curve is None else [asdict(one.curve.at(spent)) for spent in _STEPS]
        measured = None if one.measures is None else asdict(one.measures)
        in_force = None if one.in_force is None else asdict(one.in_force) | {"recovered": one.recovered}
        return {"name": one.name, "in_force": in_force, "measures": measured, "curve": curve}

    return {
        "rows": found.rows,
        "models": list(found.models),
        "weak": {"model": found.weak, **asdict(found.weak_point)},
        "strong": {"model": found.strong, **asdict(found.strong_point)},
        "axis": found.axis,
        "results": [result(one) for one in found.results],
    }


def _show(found: "Evaluation") -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    priced = found.weak_point.usd is not None
    spent = "strong calls" if found.axis == "calls" else "of the strong's cost"
    console.print(f"{found.rows:,} rows. Weak: {found.weak}. Strong: {found.strong}.", soft_wrap=True)
    table = Table("", "quality", "gap closed", spent, *(["USD a prompt"] if priced else []), "APGR", "CPT50", "CPT80")
    for column in table.columns[1:]:
        column.justify = "right"
    for one in found.results:
        point, measured = one.in_force, one.measures
        table.add_row(
            one.name,
            f"{point.quality:.4f}" if point else "",
            _percent(one.recovered),
            _percent(point.spent if point else None),
            *([f"{point.usd:.6f}" if point and point.usd is not None else ""] if priced else []),
            f"{measured.apgr:.4f}" if measured else "",
            *((_percent(measured.cpt50, "never"), _percent(measured.cpt80, "never")) if measured else ("", "")),
        )
    console.print(table)
    steps = _STEPS[::4]
    curves = Table(f"quality at {spent}", *(f"{step:.0%}" for step in steps))
    for one in found.results:
        if one.curve is not None:
            curves.add_row(one.name, *(f"{one.curve.at(step).quality:.4f}" for step in steps))
    console.print(curves)


def _percent(share: float | None, otherwise: str = "") -> str:
    return otherwise if share is None else f"{share:.1%}"
