"""`perdure pipeline`: what the commands do. None of them needs a server."""

import dataclasses
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from cli.exits import Exit, fail
from contracts.pipelines.definition import Pipeline
from contracts.pipelines.plan import PlannedBody, PlannedStep
from domain.pipelines.bounding import Bound, RunBound
from domain.pipelines.importing.crewai import import_crew
from domain.pipelines.importing.dify.importing import import_dify
from domain.pipelines.importing.imported import Imported
from domain.pipelines.knowing import Known
from domain.pipelines.problems import PipelineError, PipelineProblem
from domain.pipelines.reading import ReadPipeline, judged, read
from domain.pipelines.writing import json_schema, written


def check_file(file: str, max_cost: Decimal | None, *, as_json: bool) -> None:
    """Print all that is wrong with a file, and its bound."""
    found, problems = _read(file)
    worst = _bound(found.plan.definition) if found is not None else None
    dear = max_cost is not None and worst is not None and (worst.capped.cost > max_cost or not worst.capped.proven)
    if as_json:
        members = [dataclasses.asdict(one) for one in problems]
        version = found.plan.version if found is not None else None
        print(
            json.dumps(
                {"valid": version is not None, "version": version, "problems": members, "bound": _members(worst)}
            )
        )
    else:
        for problem in problems:
            print(f"{problem.severity}: {problem}", file=sys.stderr)
        if found is not None and worst is not None:
            print(f"{file} is valid: version {found.plan.version[:12]}.")
            print(_told(worst, found.plan.definition))
    if dear and worst is not None:
        fail(f"A run may cost more than {max_cost} USD: {_money(worst.capped)}. A `budget` caps it.")
    if found is None:
        raise typer.Exit(Exit.FAILED)


def show_file(file: str, *, as_json: bool) -> None:
    """Print the plan."""
    found, problems = _read(file)
    if found is None:
        for problem in problems:
            print(f"{problem.severity}: {problem}", file=sys.stderr)
        raise typer.Exit(Exit.FAILED)
    worst = _bound(found.plan.definition)
    if as_json:
        print(json.dumps({"plan": found.plan.model_dump(mode="json", by_alias=True), "bound": _members(worst)}))
        return
    definition = found.plan.definition
    print(f"{definition.name}, version {found.plan.version[:12]}")
    table = Table("step", "kind", "waits for", "calls", "USD at most")
    for depth, one in _flat(found.plan.body):
        if isinstance(one, str):
            table.add_row("  " * depth + f"[dim]{one}:[/dim]")
            continue
        most = worst.steps[one.id]
        waits = ", ".join(one.needs) + (f" (if {one.stands_in_for} fails)" if one.stands_in_for else "")
        table.add_row("  " * depth + one.id, one.kind, waits, f"{most.model_calls:,}", _money(most))
    Console().print(table)
    print(_told(worst, definition))


def import_source(source: str, to: str | None, name: str | None, model: str | None, *, as_json: bool) -> None:
    """Print or write the pipeline, and what could not be carried."""
    try:
        imported = _imported(Path(source), name, model)
        plan = judged(imported.document, source=source)
    except PipelineError as error:
        for problem in error.problems:
            print(f"{problem.severity}: {problem}", file=sys.stderr)
        fail(f"{source} was not imported.")
    text = written(plan.definition)
    if as_json:
        notes = [dataclasses.asdict(note) for note in imported.notes]
        print(json.dumps({"version": plan.version, "pipeline": text, "notes": notes}))
    elif to is None:
        print(text, end="")
    if to is not None:
        try:
            Path(to).write_text(text, encoding="utf-8")
        except OSError as error:
            fail(f"{to} cannot be written: {error.strerror}.", Exit.USAGE)
    if not as_json:
        for note in imported.notes:
            print(f"note: {note}", file=sys.stderr)
        if to is not None:
            print(
                f"{to} holds {plan.definition.name!r}: {len(plan.definition.steps)} steps, {len(imported.notes)} notes."
            )


def print_schema() -> None:
    """Print the schema."""
    print(json.dumps(json_schema(), indent=2))


def _read(file: str) -> tuple[ReadPipeline | None, tuple[PipelineProblem, ...]]:
    try:
        found = read(_bytes(file), source=file, known=_known())
    except PipelineError as error:
        return None, error.problems
    return found, found.warnings


def _bytes(file: str | Path) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.", Exit.USAGE)


def _imported(source: Path, name: str | None, model: str | None) -> Imported:
    if source.is_dir():
        said = name or source.resolve().name
        return import_crew(_bytes(source / "agents.yaml"), _bytes(source / "tasks.yaml"), name=said, model=model)
    imported = import_dify(_bytes(source), source=str(source), model=model)
    if name is not None:
        imported.document["name"] = name
    return imported


def _known() -> Known:
    """Models are judged where a provider is configured; tools and other pipelines are the server's to know."""
    from domain.policies.unknown import AUTOMATIC, names_of

    models = _catalog()
    known = names_of(models).known
    return Known(models=(lambda name: name in AUTOMATIC or known(name)) if models.models else None)


def _bound(definition: Pipeline) -> RunBound:
    from domain.runs.worst import worst_of

    return worst_of(definition, _catalog(), at=datetime.now(UTC))


def _catalog() -> Any:
    from settings import Settings
    from workers.cataloguing import build_catalogs

    return build_catalogs(Settings(), datetime.now(UTC)).plain


def _told(worst: RunBound, definition: Pipeline) -> str:
    total = worst.total
    lines = [
        f"A run is at most {total.steps:,} steps, {total.model_calls:,} model calls, {total.input_tokens:,} tokens in and "
        f"{total.output_tokens:,} out: {_money(total)}."
    ]
    if definition.budget is not None and definition.budget.cost is not None:
        lines.append(f"Its budget holds it to {_money(worst.capped)}.")
    if total.unpriced:
        lines.append(
            f"No price is known for {', '.join(sorted(total.unpriced))}; configure a provider, or name a model."
        )
    if total.unknown:
        lines.append(f"Not known here: the pipelines {', '.join(sorted(total.unknown))}.")
    return "\n".join(lines)


def _money(most: Bound) -> str:
    told = f"{most.cost.quantize(Decimal('0.0001')).normalize():f} USD"
    if most.proven:
        return told
    return "unknown" if not most.cost else f"{told} and what has no price"


def _members(worst: RunBound | None) -> dict[str, Any] | None:
    if worst is None:
        return None
    each = {name: _bound_members(one) for name, one in worst.steps.items()}
    return {"total": _bound_members(worst.total), "capped": _bound_members(worst.capped), "steps": each}


def _bound_members(one: Bound) -> dict[str, Any]:
    members = dataclasses.asdict(one) | {"cost": str(one.cost), "proven": one.proven}
    return members | {"unpriced": sorted(one.unpriced), "unknown": sorted(one.unknown)}


def _flat(body: PlannedBody, depth: int = 0) -> Iterator[tuple[int, PlannedStep | str]]:
    for step in body.steps:
        yield depth, step
        for inner in step.bodies:
            if inner.name != "steps":
                yield depth + 1, inner.name
            yield from _flat(inner, depth + (2 if inner.name != "steps" else 1))
