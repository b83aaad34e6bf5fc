"""Asking for use and cost: from the sums of days where they tell it, and from the ledger what is not summed."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.reports import UsageAsked, UsageLine
from storage.tables.usage import USAGE_AMOUNTS, USAGE_COUNTS, USAGE_MEASURES
from storage.usage_days import DIMENSIONS, calls
from storage.usage_months import month_after

_SUMS = ", ".join(f"sum({name}) AS {name}" for name in USAGE_MEASURES)
_GROUPS = {
    "day": "day",
    "week": "date_trunc('week', day)::date",
    "month": "date_trunc('month', day)::date",
    "provider": "provider",
    "model": "provider || ':' || model",
    "task": "nullif(task, '')",
}
_OWN = {"user": "by_user", "key": "by_key"}

# Read by the statement that reads the sums, so that no hour is missed or counted twice while it is being summed.
_NOT_SUMMED = "greatest(:since, (SELECT until FROM usage_summed WHERE workspace_id = :workspace_id))"

# Of the months that are asked for whole, those that were summed; the days before and after them are read by themselves.
_MONTHS_TO = """greatest(CAST(:months_from AS date), (
    SELECT least(CAST(:months_to AS date), months_until) FROM usage_summed
     WHERE workspace_id = :workspace_id AND months_until IS NOT NULL))"""
_THEIRS = "workspace_id = :workspace_id AND dimension = :dimension"


async def lines(connection: AsyncConnection, asked: UsageAsked) -> list[UsageLine]:
    """One line for each combination of what is asked by, in its order."""
    begins = datetime.combine(asked.first, time(), UTC)
    ends = datetime.combine(asked.last + timedelta(days=1), time(), UTC)
    months_from, months_to = _whole_months(asked)
    of = {
        "workspace_id": asked.workspace_id,
        "first": asked.first,
        "last": asked.last,
        "months_from": months_from,
        "months_to": months_to,
        "since": begins,
        "until": ends,
        "provider": asked.provider,
        "model": asked.model,
        "task": asked.task,
    }
    dimensions = _dimensions(asked)
    if len(dimensions) > 1:
        return await _read(connection, asked, _from_the_ledger(asked, of), of)
    of["dimension"] = _dimension(asked, dimensions)
    return await _read(connection, asked, _from_the_sums(asked, of), of)


def _whole_months(asked: UsageAsked) -> tuple[date, date]:
    """The first days of the first month that lies wholly in the time and of the month after the last; equal where none does, or
    where days are asked for.
    """
    begins = asked.first if asked.first.day == 1 else month_after(asked.first)
    ends = (asked.last + timedelta(days=1)).replace(day=1)
    if ends <= begins or {"day", "week"} & set(asked.by):
        beyond = asked.last + timedelta(days=1)
        return beyond, beyond
    return begins, ends


def _dimensions(asked: UsageAsked) -> list[str]:
    """What besides the sums' own columns is asked by or for; more than one is told by the ledger alone."""
    names = {one.partition(":")[0] for one in asked.by} & {"user", "key", "tag"}
    names |= {name for name, said in (("user", asked.user), ("key", asked.key)) if said is not None}
    tags = {one.partition(":")[2] for one in asked.by if one.startswith("tag:")} | {name for name, _ in asked.tags}
    found = sorted(names - {"tag"})
    # Two tags are two dimensions, and so are two values of one.
    return [*found, *("tag" for _ in range(max(len(tags), len(asked.tags))))]


def _dimension(asked: UsageAsked, found: list[str]) -> str:
    """Which sums tell it. Of users, keys and tags there are such over all models and tasks too, where these are not asked for."""
    of_models = {"provider", "model", "task"} & set(asked.by) or asked.provider or asked.model or asked.task
    return "".join(name if of_models else f"each {name}" for name in found)


def _from_the_sums(asked: UsageAsked, of: dict[str, Any]) -> str:
    conditions = ["true"]
    for said in (asked.user, asked.key):
        if said is not None:
            conditions.append("value = :value")
            of["value"] = said
    for name, said in asked.tags:
        conditions.append("value = :value")
        of["value"] = f"{name}={said}"
    columns = []
    for at, one in enumerate(asked.by):
        if one.startswith("tag:"):
            columns.append("substr(value, :skip)")
            conditions.append("starts_with(value, :begins)")
            of["begins"] = f"{one.partition(':')[2]}="
            of["skip"] = len(of["begins"]) + 1
        else:
            columns.append(_GROUPS.get(one, "nullif(value, '')"))
        columns[-1] += f" AS label_{at}"
    measures = ", ".join(USAGE_MEASURES)
    return f"""
        WITH calls AS ({calls(_NOT_SUMMED)}), found AS (
            SELECT day, value, provider, model, task, {measures} FROM usage_days
             WHERE {_THEIRS} AND day >= :first AND day <= :last AND day < :months_from
            UNION ALL
            SELECT month, value, provider, model, task, {measures} FROM usage_months
             WHERE {_THEIRS} AND month >= :months_from AND month < {_MONTHS_TO}
            UNION ALL
            SELECT day, value, provider, model, task, {measures} FROM usage_days
             WHERE {_THEIRS} AND day >= {_MONTHS_TO} AND day <= :last
            UNION ALL
            SELECT day, of.value, of.provider, of.model, of.task, {measures} FROM calls {DIMENSIONS}
             WHERE of.dimension = :dimension
        )
        SELECT {", ".join([*columns, _SUMS])} FROM found
         WHERE {_FILTERS} AND {" AND ".join(conditions)} {_grouped(asked)}
    """  # noqa: S608 - made of constants; what is asked are parameters


def _from_the_ledger(asked: UsageAsked, of: dict[str, Any]) -> str:
    conditions = ["true"]
    for name, said in (("user", asked.user), ("key", asked.key)):
        if said is not None:
            conditions.append(f"{_OWN[name]} = :{name}")
            of[name] = said
    for at, (name, said) in enumerate(asked.tags):
        conditions.append(f"tags ->> :tag_{at} = :said_{at}")
        of |= {f"tag_{at}": name, f"said_{at}": said}
    columns = []
    for at, one in enumerate(asked.by):
        if one.startswith("tag:"):
            columns.append(f"tags ->> :by_{at}")
            of[f"by_{at}"] = one.partition(":")[2]
        elif one in _OWN:
            columns.append(f"nullif({_OWN[one]}, '')")
        else:
            columns.append(_GROUPS[one])
        columns[-1] += f" AS label_{at}"
    return f"""
        WITH calls AS ({calls()})
        SELECT {", ".join([*columns, _SUMS])} FROM calls
         WHERE {_FILTERS} AND {" AND ".join(conditions)} {_grouped(asked)}
    """  # noqa: S608 - made of constants; what is asked are parameters


_FILTERS = """
    (CAST(:provider AS text) IS NULL OR provider = :provider)
    AND (CAST(:model AS text) IS NULL OR model = :model OR provider || ':' || model = :model)
    AND (CAST(:task AS text) IS NULL OR task = :task)
"""


def _grouped(asked: UsageAsked) -> str:
    if not asked.by:
        return "HAVING count(*) > 0"
    labels = ", ".join(f"label_{at}" for at in range(len(asked.by)))
    return f"GROUP BY {labels} ORDER BY {', '.join(f'label_{at} NULLS LAST' for at in range(len(asked.by)))}"


async def _read(connection: AsyncConnection, asked: UsageAsked, statement: str, of: dict[str, Any]) -> list[UsageLine]:
    named = {name: value for name, value in of.items() if f":{name}" in statement}
    rows = await connection.execute(text(statement), named)
    found = []
    for row in rows.mappings():
        labels = tuple(row[f"label_{at}"] for at in range(len(asked.by)))
        sums: dict[str, Any] = {name: int(row[name]) for name in USAGE_COUNTS}
        sums |= {name: row[name] for name in USAGE_AMOUNTS}
        found.append(UsageLine(labels=labels, **sums))
    return found
