"""What has to hold of budgets: of their accounts, and of what is reserved in them."""

from typing import Final

from storage.invariant import Invariant

_SUMS: Final = """
    WITH slices AS (
      SELECT budget_id, subject, window_start, sum(room) AS room, sum(reserved) AS reserved, sum(spent) AS spent
        FROM budget_slices GROUP BY 1, 2, 3
    ), said AS (
      SELECT budget_id, subject, window_start, coalesce(sum(amount) FILTER (WHERE charged IS NULL), 0) AS reserved,
             coalesce(sum(charged), 0) AS spent, coalesce(sum(greatest(charged - amount, 0)), 0) AS beyond
        FROM reservations GROUP BY 1, 2, 3
    ), slots AS (
      SELECT budget_id, subject, window_start, sum(spent) AS spent FROM budget_slots GROUP BY 1, 2, 3
    ), account AS (
      SELECT a.budget_id, a.subject, a.window_start, a.amount, a.free, b.hard, b.rolling,
             coalesce(s.room, 0) AS room, coalesce(s.reserved, 0) AS reserved, coalesce(s.spent, 0) AS spent,
             coalesce(said.reserved, 0) AS said_reserved, a.purged + coalesce(said.spent, 0) AS said_spent,
             coalesce(said.beyond, 0) AS beyond, coalesce(slots.spent, 0) AS slots_spent
        FROM budget_accounts a JOIN budgets b ON b.id = a.budget_id
        LEFT JOIN slices s USING (budget_id, subject, window_start)
        LEFT JOIN said USING (budget_id, subject, window_start)
        LEFT JOIN slots USING (budget_id, subject, window_start)
    )
"""
_FAULT: Final = "Amounts were changed outside Perdure, or this is a fault of it: please report it."
_WINDOW: Final = "Budget {budget_id}, for {subject!r}, window from {window_start}: "
_ATTEMPT: Final = "Turn {turn_id}, step {step}, attempt {attempt}: "

OF_BUDGETS: Final = (
    Invariant(
        "accounts_sum",
        "In every hard budget's window, what is free, held by slices, reserved and spent sums to the limit.",
        _FAULT,
        _WINDOW + "{free} free, {room} held, {reserved} reserved and {spent} spent do not sum to the limit {amount}.",
        f"""{_SUMS}
            SELECT budget_id, subject, window_start, amount, free, room, reserved, spent FROM account
             WHERE hard AND free + room + reserved + spent <> amount ORDER BY window_start""",  # noqa: S608
    ),
    Invariant(
        "accounts_match_reservations",
        "What an account says is reserved and spent is what its reservations say.",
        _FAULT,
        _WINDOW
        + "it says {reserved} reserved and {spent} spent, its reservations say {said_reserved} and {said_spent}.",
        f"""{_SUMS}
            SELECT budget_id, subject, window_start, reserved, said_reserved, spent,
                   CASE WHEN rolling THEN slots_spent ELSE said_spent END AS said_spent
              FROM account
             WHERE reserved <> said_reserved OR spent <> CASE WHEN rolling THEN slots_spent ELSE said_spent END
             ORDER BY window_start""",  # noqa: S608
    ),
    Invariant(
        "limits_hold",
        "In every hard budget's window, spent and reserved together are within the limit.",
        "Calls came to more than was reserved for them (a provider counted more tokens than the worst that was expected, or "
        "searched more often), or the limit was lowered below what was spent. Nothing more is accepted until there is room.",
        _WINDOW
        + "{spent} spent and {reserved} reserved are more than {amount}; calls came to {beyond} more than reserved.",
        f"""{_SUMS}
            SELECT budget_id, subject, window_start, amount, spent, reserved, beyond FROM account
             WHERE hard AND spent + reserved > amount ORDER BY window_start""",  # noqa: S608
        grave=False,
    ),
    Invariant(
        "nothing_left_reserved",
        "Nothing is reserved for attempts that are over.",
        "A worker died. The sweeper settles these within a minute; where they stay, no worker runs.",
        _ATTEMPT + "{amount} {unit} are reserved in budget {budget_id} since {reserved_at}; the attempt is "
        "{attempt_state}, the turn {turn_state}.",
        """SELECT r.turn_id, r.step, r.attempt, r.budget_id, r.unit, r.amount, r.reserved_at,
                  coalesce(u.state, 'gone') AS attempt_state, coalesce(t.state, 'gone') AS turn_state
             FROM reservations r
             LEFT JOIN model_usage u ON u.turn_id = r.turn_id AND u.step = r.step AND u.attempt = r.attempt
             LEFT JOIN turns t ON t.id = r.turn_id
            WHERE r.settled_at IS NULL AND r.reserved_at < :before
              AND (u.state IS DISTINCT FROM 'open' OR t.state IS NULL OR t.state NOT IN ('accepted', 'running'))
            ORDER BY r.reserved_at""",
    ),
    Invariant(
        "charges_match_the_ledger",
        "What was charged to a budget is what the ledger says of the attempt.",
        "Rows of the ledger were changed or deleted outside Perdure, or this is a fault of it: please report it.",
        _ATTEMPT
        + "budget {budget_id} was charged {charged} {unit}, and the ledger says {cost} USD and {tokens} tokens.",
        """SELECT r.turn_id, r.step, r.attempt, r.budget_id, r.unit, r.charged, u.cost,
                  u.input_uncached + u.cache_read + u.cache_write + u.output AS tokens, u.state
             FROM reservations r
             LEFT JOIN model_usage u ON u.turn_id = r.turn_id AND u.step = r.step AND u.attempt = r.attempt
            WHERE r.settled_at IS NOT NULL AND r.charged IS DISTINCT FROM CASE r.unit
                    WHEN 'usd' THEN round(u.cost, 12)
                    WHEN 'tokens' THEN u.input_uncached + u.cache_read + u.cache_write + u.output
                    ELSE CASE WHEN u.input_uncached + u.cache_read + u.cache_write + u.output > 0 OR round(u.cost, 12) <> 0
                         THEN 1 ELSE 0 END END
            ORDER BY r.reserved_at""",
    ),
    Invariant(
        "costs_are_counted",
        "Every call that cost something is counted by every budget that is for it.",
        "The call began under a budget and reserved nothing in it, so that the budget has more left than is true: rows were "
        "changed outside Perdure, or this is a fault of it: please report it.",
        _ATTEMPT + "it cost {cost} USD, and budget {budget_id} ({scope} {value!r}) did not count it.",
        # As domain.budgets.matching says it. A call and a budget that began together may have missed each other.
        """WITH calls AS (
             SELECT u.turn_id, u.step, u.attempt, u.workspace_id, u.provider, u.model, u.cost, u.started_at,
                    t.key_id::text AS key, t.request -> 'knobs' ->> 'user' AS by, t.request ->> 'run' AS run,
                    coalesce(t.request -> 'within', '[]') AS within, coalesce(t.request -> 'metadata', '{}') AS tags
               FROM model_usage u JOIN turns t ON t.id = u.turn_id
              WHERE u.cost > 0 AND u.started_at < :before AND u.started_at > :kept
                AND EXISTS (SELECT FROM budgets b WHERE b.workspace_id = u.workspace_id)
           )
           SELECT c.turn_id, c.step, c.attempt, c.cost, c.started_at, b.id AS budget_id, b.scope, b.value
             FROM calls c
            CROSS JOIN LATERAL (
              SELECT 'workspace' AS scope, '' AS value
              UNION SELECT 'user', unnest(ARRAY[c.by, '*']) WHERE c.by NOT IN ('', '*')
              UNION SELECT 'key', unnest(ARRAY[c.key, '*']) WHERE c.key IS NOT NULL
              UNION SELECT 'run', unnest(ARRAY[c.run, '*']) WHERE c.run NOT IN ('', '*')
              UNION SELECT 'run', split_part(one, '@', 1) FROM jsonb_array_elements_text(c.within) AS one
              UNION SELECT 'model', unnest(ARRAY[c.provider || ':' || c.model, c.provider || ':*', '*'])
              UNION SELECT 'tag', name || '=' || unnest(ARRAY[said, '*']) FROM jsonb_each_text(c.tags) AS tags(name, said)
                     WHERE said <> '*'
            ) counts
             JOIN budgets b ON b.workspace_id = c.workspace_id AND b.scope = counts.scope AND b.value = counts.value
              AND c.started_at > b.created_at + interval '10 seconds'
              AND (b.deleted_at IS NULL OR c.started_at < b.deleted_at - interval '10 seconds')
            WHERE NOT EXISTS (SELECT FROM reservations r WHERE r.budget_id = b.id AND r.turn_id = c.turn_id
                                 AND r.step = c.step AND r.attempt = c.attempt)
            ORDER BY c.started_at""",
    ),
)
