"""Calls of a ledger, written straight into it."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import orjson
from sqlalchemy import text

from storage.database import Database
from storage.ids import new_id
from tests.storage.scenes import NOW

MODELS = (("openai", "gpt-4o"), ("openai", "gpt-4o-mini"), ("anthropic", "claude-sonnet-4-5"))
TASKS = ("simple", "code", None)
USERS = ("ada", "bob", None)
PROJECTS = ("site", "shop", None)
TEAMS = ("red", "blue", None)

_TURN = text("""
    INSERT INTO turns (id, workspace_id, state, request, request_digest, plan, key_id, created_at)
    VALUES (:id, :workspace_id, 'completed', CAST(:request AS jsonb), 'x', CAST(:plan AS jsonb), :key_id, :at)
""")
_CALL = text("""
    INSERT INTO model_usage (workspace_id, turn_id, step, attempt, candidate, provider, model, state, input_uncached, cache_read,
                             output, cost, cost_parts, unit_prices, first_token_ms, started_at, finished_at)
    VALUES (:workspace_id, :turn_id, 0, :attempt, 0, :provider, :model, :state, :input_uncached, :cache_read, :output, :cost,
            CAST(:parts AS jsonb), CAST(:prices AS jsonb), :first_token_ms, :started_at, :finished_at)
""")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a turn of its own."""

    at: datetime
    provider: str
    model: str
    task: str | None = None
    user: str | None = None
    key: UUID | None = None
    tags: tuple[tuple[str, str], ...] = ()
    state: str = "completed"
    input_uncached: int = 100
    cache_read: int = 0
    output: int = 10
    cost: Decimal = Decimal("0.01")
    attempt: int = 1
    turn_id: UUID | None = None
    models: tuple[str, ...] = ()


def some_calls(number: int, *, seed: int, days: int = 5, key: UUID | None = None) -> list[Call]:
    """Calls of the last days before `NOW`, of all kinds."""
    dice = random.Random(seed)
    made = []
    for _ in range(number):
        provider, model = dice.choice(MODELS)
        tags = [
            (name, value) for name, values in (("project", PROJECTS), ("team", TEAMS)) if (value := dice.choice(values))
        ]
        made.append(
            Call(
                at=NOW - timedelta(seconds=dice.randrange(days * 86_400)),
                provider=provider,
                model=model,
                task=dice.choice(TASKS),
                user=dice.choice(USERS),
                key=dice.choice((key, None)),
                tags=tuple(tags),
                state=dice.choice(("completed", "completed", "failed", "interrupted")),
                input_uncached=dice.randrange(5_000),
                cache_read=dice.choice((0, 1_000)),
                output=dice.randrange(500),
                cost=Decimal(dice.randrange(10**9)) / 10**12,
            )
        )
    return made


async def write(database: Database, workspace_id: UUID, calls: Iterable[Call]) -> None:
    """Put the calls into the ledger."""
    async with database.begin() as connection:
        for call in calls:
            turn_id = call.turn_id or new_id()
            request = {
                "messages": [{"role": "user", "parts": [{"type": "text", "text": "hello"}]}],
                "models": [dict(zip(("provider", "model"), name.split(":"), strict=True)) for name in call.models],
                "knobs": {"user": call.user} if call.user else {},
                "metadata": dict(call.tags),
            }
            if call.attempt == 1:
                plan = orjson.dumps({"task": call.task} if call.task else {}).decode()
                row = {"id": turn_id, "workspace_id": workspace_id, "key_id": call.key, "at": call.at, "plan": plan}
                await connection.execute(_TURN, {**row, "request": orjson.dumps(request).decode()})
            prices = {"input_mtok": "2", "cache_read_mtok": "0.5", "output_mtok": "8"}
            parts = {"cache_read": str(Decimal(call.cache_read) / 2_000_000)} if call.cache_read else {}
            await connection.execute(
                _CALL,
                {
                    "workspace_id": workspace_id,
                    "turn_id": turn_id,
                    "attempt": call.attempt,
                    "provider": call.provider,
                    "model": call.model,
                    "state": call.state,
                    "input_uncached": call.input_uncached,
                    "cache_read": call.cache_read,
                    "output": call.output,
                    "cost": call.cost,
                    "parts": orjson.dumps(parts).decode(),
                    "prices": orjson.dumps(prices).decode(),
                    "first_token_ms": 40 if call.state == "completed" else None,
                    "started_at": call.at,
                    "finished_at": call.at + timedelta(seconds=2),
                },
            )
