"""What has to hold of the ledger: of its rows, of the turns that they belong to, and of the sums that reports read."""

from typing import Final

from storage.invariant import Invariant
from storage.tables.usage import USAGE_MEASURES
from storage.usage_days import DIMENSIONS, calls

_ATTEMPT: Final = "Turn {turn_id}, step {step}, attempt {attempt}: "
_RESUM: Final = (
    "A call was written or changed after its day was summed (an attempt that was thought dead answered hours later), or rows "
    "were changed outside Perdure. The ledger is right; `perdure ledger resum` sums the day anew from it."
)
_SUMS: Final = ", ".join(f"sum({name}) AS {name}" for name in USAGE_MEASURES)
_ROWS: Final = tuple(f"ROW({', '.join(f'{side}.{name}' for name in USAGE_MEASURES)})" for side in ("l", "d"))
_DIFFER: Final = " IS DISTINCT FROM ".join(_ROWS)
_FIGURES: Final = """coalesce(d.calls, 0) AS said_calls, coalesce(d.cost, 0) AS said_cost,
                     coalesce(l.calls, 0) AS calls, coalesce(l.cost, 0) AS cost"""
_CHECKED_DAYS: Final = 2

OF_THE_LEDGER: Final = (
    Invariant(
        "nothing_left_open",
        "No attempt is open whose turn has ended.",
        "The attempt's worker may still be busy with it; where it stays, the worker died while the turn was being closed.",
        _ATTEMPT + "it is open since {started_at}, and the turn is {turn_state}.",
        """SELECT u.turn_id, u.step, u.attempt, u.started_at, t.state AS turn_state
             FROM model_usage u JOIN turns t ON t.id = u.turn_id
            WHERE u.state = 'open' AND u.started_at < :before AND t.state NOT IN ('accepted', 'running')
            ORDER BY u.started_at""",
    ),
    Invariant(
        "parts_sum",
        "The parts of a cost sum to it exactly.",
        "The row was changed outside Perdure, or this is a fault of it: please report it.",
        _ATTEMPT + "it cost {cost} USD, and its parts are {cost_parts}.",
        """SELECT turn_id, step, attempt, cost, cost_parts FROM model_usage
            WHERE cost_parts <> '{}'::jsonb
              AND cost <> (SELECT sum(value::numeric) FROM jsonb_each_text(cost_parts)) ORDER BY started_at""",
    ),
    Invariant(
        "turns_sum",
        "A turn's cost is that of its attempts.",
        "An attempt that was thought dead answered after its turn had ended, and was billed: the ledger is right.",
        "Turn {turn_id}: it says that it cost {said} USD, and its attempts in the ledger cost {ledger}.",
        """SELECT t.id AS turn_id, (t.result -> 'cost' ->> 'total')::numeric AS said, sum(u.cost) AS ledger
             FROM turns t JOIN model_usage u ON u.turn_id = t.id
            WHERE t.result -> 'cost' ->> 'total' IS NOT NULL
            GROUP BY t.id HAVING (t.result -> 'cost' ->> 'total')::numeric <> sum(u.cost) ORDER BY t.id""",
        grave=False,
    ),
)

# What is spliced in are constants.
OF_SUMS: Final = (
    Invariant(
        "days_match_the_ledger",
        "What reports say of a day that is summed is what the ledger's rows of it say.",
        _RESUM,
        "Workspace {workspace_id}, {day}, {provider}:{model}: the sums say {said_calls} calls and {said_cost} USD, the ledger "
        "{calls} calls and {cost} USD.",
        f"""SELECT workspace_id, day, provider, model, {_FIGURES}
              FROM (SELECT workspace_id, day, provider, model, {_SUMS} FROM usage_days WHERE dimension = ''
                     GROUP BY 1, 2, 3, 4) d
              FULL JOIN (
                SELECT c.workspace_id, c.day, c.provider, c.model, {_SUMS}
                  FROM usage_summed s
                 CROSS JOIN LATERAL ({calls("'-infinity'", until="s.until", workspace="s.workspace_id")}) c
                 GROUP BY 1, 2, 3, 4
              ) l USING (workspace_id, day, provider, model)
             WHERE {_DIFFER} ORDER BY day, workspace_id, provider, model""",  # noqa: S608
    ),
    Invariant(
        "breakdowns_match_the_ledger",
        f"The same by user, key, tag and task, on the last {_CHECKED_DAYS} days that are summed to their ends.",
        _RESUM,
        "Workspace {workspace_id}, {day}, {provider}:{model}, {dimension} {value!r}, task {task!r}: the sums say {said_calls} "
        "calls and {said_cost} USD, the ledger {calls} calls and {cost} USD.",
        f"""WITH checked AS (
              SELECT workspace_id, date_trunc('day', until AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS until FROM usage_summed
            ), of_ledger AS (
              SELECT c.*
                FROM checked s
               CROSS JOIN LATERAL (
                 {calls(f"s.until - interval '{_CHECKED_DAYS} days'", until="s.until", workspace="s.workspace_id")}) c
            )
            SELECT workspace_id, day, provider, model, dimension, value, task, {_FIGURES}
              FROM (SELECT u.* FROM usage_days u JOIN checked s USING (workspace_id)
                     WHERE u.day < (s.until AT TIME ZONE 'UTC')::date
                       AND u.day >= (s.until AT TIME ZONE 'UTC')::date - {_CHECKED_DAYS}) d
              FULL JOIN (
                SELECT workspace_id, of.dimension, day, of.value, of.provider, of.model, of.task, {_SUMS}
                  FROM of_ledger calls {DIMENSIONS} GROUP BY 1, 2, 3, 4, 5, 6, 7
              ) l USING (workspace_id, dimension, day, value, provider, model, task)
             WHERE {_DIFFER} ORDER BY day, workspace_id, dimension, value, provider, model, task""",  # noqa: S608
    ),
    Invariant(
        "months_match_their_days",
        "What reports say of a month that is summed is what its days say.",
        "Rows were changed outside Perdure; `perdure ledger resum` sums the month anew.",
        "Workspace {workspace_id}, the month from {day}, {provider}:{model}, {dimension} {value!r}, task {task!r}: its sums say "
        "{said_calls} calls and {said_cost} USD, its days {calls} calls and {cost} USD.",
        f"""SELECT workspace_id, day, provider, model, dimension, value, task, {_FIGURES}
              FROM (SELECT month AS day, u.* FROM usage_months u) d
              FULL JOIN (
                SELECT workspace_id, dimension, date_trunc('month', day)::date AS day, value, provider, model, task, {_SUMS}
                  FROM usage_days JOIN usage_summed USING (workspace_id) WHERE day < months_until GROUP BY 1, 2, 3, 4, 5, 6, 7
              ) l USING (workspace_id, dimension, day, value, provider, model, task)
             WHERE {_DIFFER} ORDER BY day, workspace_id, dimension, value, provider, model, task""",  # noqa: S608
    ),
)
