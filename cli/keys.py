"""`perdure keys`: works on the database itself, since whoever holds that needs no key."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.databases import own_database
from cli.exits import Exit, fail
from contracts.budgets import BudgetTerms, Period, Scope, Unit
from contracts.errors import PerdureError
from contracts.keys import KeyScope
from domain.budgets.status import DEFAULT_THRESHOLDS
from domain.budgets.terms import check_terms
from settings import Settings
from storage import budgets, keys
from storage.keys import ApiKey, KeyRights


@asynccontextmanager
async def _workspace(
    settings: Settings, name: str = keys.DEFAULT_WORKSPACE
) -> AsyncIterator[tuple[AsyncConnection, UUID]]:
    async with own_database(settings) as database, database.begin() as connection:
        yield connection, await keys.workspace(connection, now=datetime.now(UTC), name=name)


async def create(
    settings: Settings,
    *,
    name: str,
    rights: KeyRights,
    limit: str | None,
    period: str,
    workspace: str,
    as_json: bool,
) -> None:
    """Make a key and show it, once; with a `limit` it has a hard budget of its own, in USD."""
    secret, now = keys.new_secret(), datetime.now(UTC)
    async with _workspace(settings, workspace) as (connection, workspace_id):
        key = await keys.add(connection, secret, workspace_id=workspace_id, name=name, now=now, rights=rights)
        if limit is not None:
            terms = _own_terms(key, limit, period)
            await budgets.create(connection, workspace_id, terms, now=now)
    _tell(secret, key, as_json=as_json)


async def rotate(settings: Settings, *, id_or_prefix: str, grace_minutes: float, workspace: str, as_json: bool) -> None:
    """Make a key in place of another, with its rights and budgets, and show it, once."""
    secret, now = keys.new_secret(), datetime.now(UTC)
    async with _workspace(settings, workspace) as (connection, workspace_id):
        try:
            former = await keys.named(connection, id_or_prefix, workspace_id=workspace_id)
        except PerdureError as error:
            fail(error.message, Exit.NOT_FOUND)
        if former.revoked_at is not None:
            fail(f"The key {former.prefix} is revoked. Make a new one.", Exit.CONFLICT)
        ends_at = now + timedelta(minutes=grace_minutes)
        key = await keys.rotate(connection, former, secret, now=now, ends_at=ends_at)
    _tell(secret, key, as_json=as_json)


def _own_terms(key: ApiKey, limit: str, period: str) -> BudgetTerms:
    try:
        terms = BudgetTerms(
            name=f"key {key.name}"[:200],
            scope=Scope.KEY,
            value=str(key.id),
            unit=Unit.USD,
            limit=Decimal(limit),
            hard=True,
            period=Period(period),
            rolling=False,
            time_zone="UTC",
            thresholds=DEFAULT_THRESHOLDS,
        )
        check_terms(terms)
    except InvalidOperation:
        fail(f"--limit {limit}: a number is expected.", Exit.USAGE)
    except ValueError:
        fail(f"--period {period}: there are {', '.join(Period)}.", Exit.USAGE)
    except PerdureError as error:
        fail(error.message, Exit.USAGE)
    return terms


def rights_of(
    scopes: Sequence[str], models: Sequence[str], tier: str | None, days: float | None, *, now: datetime
) -> KeyRights:
    """The rights that a command's options say. Ends the command where there is no such scope."""
    known = [one.value for one in KeyScope]
    for one in scopes:
        if one not in known:
            fail(f"There is no scope {one!r}; there are {', '.join(known)}.", Exit.USAGE)
    expires_at = None if days is None else now + timedelta(days=days)
    return KeyRights(tuple(KeyScope(one) for one in scopes), tuple(models), tier, expires_at)


def _tell(secret: str, key: ApiKey, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({**_shown(key), "key": secret}))
    else:
        Console(highlight=False).print(f"{secret}\n\nThis is the only time that the key is shown.")


async def listed(settings: Settings, *, workspace: str, as_json: bool) -> None:
    """List the keys."""
    async with _workspace(settings, workspace) as (connection, workspace_id):
        found = await keys.listed(connection, workspace_id=workspace_id)
    if as_json:
        print(json.dumps([_shown(key) for key in found]))
        return
    table = Table("prefix", "name", "scopes", "models", "tier", "made", "ends", "id")
    for key in found:
        shown, rights = _shown(key), key.rights
        table.add_row(
            key.prefix,
            key.name,
            ", ".join(rights.scopes),
            ", ".join(rights.allowed_models) or "all",
            rights.user_tier or "",
            str(shown["created_at"]),
            f"revoked {shown['revoked_at']}" if key.revoked_at else str(shown["expires_at"] or ""),
            str(key.id),
        )
    Console().print(table)


async def revoke(settings: Settings, *, id_or_prefix: str, workspace: str, as_json: bool) -> None:
    """End a key."""
    async with _workspace(settings, workspace) as (connection, workspace_id):
        try:
            key = await keys.revoke(connection, id_or_prefix, workspace_id=workspace_id, now=datetime.now(UTC))
        except PerdureError as error:
            fail(error.message, Exit.NOT_FOUND)
    print(json.dumps(_shown(key)) if as_json else f"The key {key.prefix} is revoked.")


def _shown(key: ApiKey) -> dict[str, Any]:
    rights = key.rights
    return {
        "id": str(key.id),
        "name": key.name,
        "prefix": key.prefix,
        "scopes": [one.value for one in rights.scopes],
        "allowed_models": list(rights.allowed_models),
        "user_tier": rights.user_tier,
        "created_at": key.created_at.isoformat(),
        "expires_at": rights.expires_at.isoformat() if rights.expires_at else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
        "replaces": str(key.replaces) if key.replaces else None,
    }
