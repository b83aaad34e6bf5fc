"""The ledger's sums by model and day, as a vendor's export is compared with them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.reconciling import Figures, LedgerSum

_TOOL_PARTS = ["web_searches", "file_searches", "social_searches", "attachment_searches", "code_executions"]
"""The parts of a cost (`domain.pricing.shares.call_shares`) that bills list apart from models."""

_SUMS = text("""
    SELECT (u.started_at AT TIME ZONE 'UTC')::date AS day, coalesce(u.served_model, u.model) AS model,
           count(*) FILTER (WHERE u.input_uncached + u.cache_read + u.cache_write + u.output > 0) AS requests,
           sum(u.input_uncached + u.cache_read + u.cache_write) AS input, sum(u.cache_read) AS cache_read,
           sum(u.cache_write) AS cache_write, sum(u.output) AS output, sum(u.web_searches) AS searches, sum(u.cost) AS cost,
           coalesce(sum(t.tools), 0) AS tools, count(*) FILTER (WHERE u.estimated) AS estimated,
           count(*) FILTER (WHERE NOT u.priced) AS unpriced
      FROM model_usage u
      LEFT JOIN LATERAL (
        SELECT sum(value::numeric) AS tools FROM jsonb_each_text(u.cost_parts) WHERE key = ANY(CAST(:tool_parts AS text[]))
      ) t ON u.cost_parts <> '{}'::jsonb
     WHERE (CAST(:workspace_id AS uuid) IS NULL OR u.workspace_id = :workspace_id)
       AND u.provider = ANY(CAST(:providers AS text[])) AND u.started_at >= :begins AND u.started_at < :ends AND NOT u.simulated
     GROUP BY 1, 2 ORDER BY 1, 2
""")


async def sums(
    connection: AsyncConnection,
    *,
    workspace_id: UUID | None,
    providers: Sequence[str],
    begins: datetime,
    ends: datetime,
) -> list[LedgerSum]:
    """What the ledger has of real calls of `providers` that began in the time; of all workspaces where none is named."""
    asked = {
        "workspace_id": workspace_id,
        "providers": list(providers),
        "begins": begins,
        "ends": ends,
        "tool_parts": _TOOL_PARTS,
    }
    return [
        LedgerSum(
            row.day,
            row.model,
            Figures(
                requests=row.requests,
                input=row.input,
                cache_read=row.cache_read,
                cache_write=row.cache_write,
                output=row.output,
                searches=row.searches,
                cost=row.cost,
            ),
            row.tools,
            row.estimated,
            row.unpriced,
        )
        for row in await connection.execute(_SUMS, asked)
    ]
