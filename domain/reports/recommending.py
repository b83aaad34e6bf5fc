"""What would make the same work cheaper, judged from what was used, with the change of policy that would do it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from contracts.models import ModelRef
from contracts.reports import UsageLine
from contracts.routing import TaskType
from contracts.usage import Usage
from domain.catalog import Catalog
from domain.catalog.entry import ModelEntry
from domain.pricing import PriceBook

EASY = frozenset({TaskType.SIMPLE, TaskType.EXTRACTION, TaskType.TRANSLATION})
"""Tasks that lesser models do as well (arXiv:2406.18665 and 2305.05176 route such requests down)."""
SLACK, EASY_SLACK = 0.05, 0.3
"""How far below the used model's quality tier another may be, for a hard task and for an easy one."""
LEAST_SHARE = Decimal("0.01")
"""Of all that was spent: savings below this are not worth a change."""
LEAST_CALLS = 20

Kind = Literal["cheaper_model", "repeats"]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`saving` is USD over the time that was looked at, `evidence` what it was judged from, `change` a fragment of a policy."""

    kind: Kind
    title: str
    evidence: dict[str, Any]
    saving: Decimal
    change: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Repeats:
    """Calls of a model that failed after a call of the same model had failed in the same turn, and their cost in USD."""

    model: str
    calls: int
    cost: Decimal


def recommendations(
    by_task_and_model: Iterable[UsageLine],
    repeats: Iterable[Repeats],
    catalog: Catalog,
    book: PriceBook,
    *,
    preferred: Mapping[TaskType, tuple[str, ...]],
    at: datetime,
) -> list[Recommendation]:
    """What to change, by the greatest saving first. The lines are labelled by task and model; `preferred` is what the policy's
    `task_preferences` say already.
    """
    lines = list(by_task_and_model)
    floor = LEAST_SHARE * sum((line.cost for line in lines), Decimal(0))
    found = [one for line in lines if (one := _cheaper(line, catalog, book, preferred, at)) is not None]
    best: dict[str, Recommendation] = {}
    for one in found:
        # Each task has one list of preferences: the change that saves most goes into it.
        task = str(one.evidence["task"])
        if task not in best or one.saving > best[task].saving:
            best[task] = one
    chosen = [*best.values(), *_repeats(list(repeats))]
    return sorted((one for one in chosen if one.saving > floor), key=lambda one: one.saving, reverse=True)


def _cheaper(
    line: UsageLine,
    catalog: Catalog,
    book: PriceBook,
    preferred: Mapping[TaskType, tuple[str, ...]],
    at: datetime,
) -> Recommendation | None:
    task_name, model = line.labels
    if task_name is None or model is None or line.completed < LEAST_CALLS or not line.cost:
        return None
    task, used = TaskType(str(task_name)), catalog.entry(ModelRef.parse(str(model)))
    slack = EASY_SLACK if task in EASY else SLACK
    typical = Usage(input_uncached=line.input // line.calls, output=line.output // line.calls)
    offers = []
    for entry in catalog.entries:
        if entry.ref == used.ref or entry.deprecated or not entry.chats or entry.simulated != used.simulated:
            continue
        if (
            entry.quality < used.quality - slack
            or not used.capabilities <= entry.capabilities
            or not _fits(entry, used)
        ):
            continue
        cost = book.price(typical, entry.ref, at=at)
        # A model that costs nothing is somebody's own machine: whether that has room is not in any ledger.
        if cost.priced and cost.total:
            offers.append((cost.total * line.calls, str(entry.ref), entry))
    if not offers:
        return None
    cost_there, _, other = min(offers, key=lambda offer: offer[:2])
    saving = line.cost - cost_there
    names = (str(other.ref), str(used.ref), *preferred.get(task, ()))
    if saving <= 0 or preferred.get(task, ())[:1] == (str(other.ref),):
        return None
    return Recommendation(
        "cheaper_model",
        f"Let {other.ref} answer {task.value} requests before {used.ref}.",
        {
            "task": task.value,
            "model": str(used.ref),
            "calls": line.calls,
            "cost_usd": line.cost,
            "there": str(other.ref),
            "cost_there_usd": cost_there,
            "quality": used.quality,
            "quality_there": other.quality,
        },
        saving,
        {"routing_rules": {"task_preferences": {task.value: list(dict.fromkeys(names))}}},
    )


def _fits(entry: ModelEntry, used: ModelEntry) -> bool:
    return used.window is None or (entry.window is not None and entry.window >= min(used.window, 128_000))


def _repeats(found: list[Repeats]) -> list[Recommendation]:
    cost = sum((one.cost for one in found), Decimal(0))
    if not cost:
        return []
    return [
        Recommendation(
            "repeats",
            "Ask the next model at once where one has failed.",
            {
                "repeats": sum(one.calls for one in found),
                "cost_usd": cost,
                "models": {one.model: one.calls for one in sorted(found, key=lambda one: one.cost, reverse=True)[:5]},
            },
            cost,
            {"limits": {"same_candidate": 1}},
        )
    ]
