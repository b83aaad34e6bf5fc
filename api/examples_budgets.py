"""Examples of what budgets and keys show."""

from typing import Any

_BUDGET_ID = "01935c5e-9f10-7c4a-8b21-5d6e7f809a1b"
_KEY_ID = "01935c5e-a111-7aaa-9bbb-0c1d2e3f4a5b"
_AT = "2026-03-01T12:00:00+00:00"

BUDGET_BODY = {"scope": "user", "value": "ada", "limit": "100.00", "period": "month", "time_zone": "Europe/Berlin"}
BUDGET: dict[str, Any] = {
    "id": _BUDGET_ID,
    "name": "user ada",
    "scope": "user",
    "value": "ada",
    "unit": "usd",
    "currency": "USD",
    "limit": "100",
    "hard": True,
    "period": "month",
    "rolling": False,
    "time_zone": "Europe/Berlin",
    "thresholds": ["50", "80", "95", "100"],
    "created_at": _AT,
    "updated_at": _AT,
}
_STATUS: dict[str, Any] = {
    "subject": None,
    "window_start": "2026-02-28T23:00:00+00:00",
    "renews_at": "2026-03-31T22:00:00+00:00",
    "limit": "100",
    "spent": "82.5",
    "reserved": "0.15",
    "available": "17.35",
    "remaining": "17.5",
    "percentage_used": 82.5,
    "alert_level": "warning",
    "crossed": ["50", "80"],
    "projected": "127.875",
    "projected_overage": "27.875",
}
BUDGETS = {"data": [{**BUDGET, "status": _STATUS}]}
_EVENT = {
    "id": "01935c5e-b222-7000-8000-1a2b3c4d5e6f",
    "budget_id": _BUDGET_ID,
    "subject": None,
    "window_start": "2026-02-28T23:00:00+00:00",
    "kind": "threshold",
    "threshold": "80",
    "detail": {"spent": "80.01", "limit": "100", "unit": "usd", "projected": "124.0155", "overage": "24.0155"},
    "at": _AT,
}
EVENTS = {"data": [_EVENT]}
STATUS = {"budget": BUDGET, **_STATUS, "waiting": [], "events": [_EVENT]}
APPROVED = {"turn_id": "01935c5e-8a6f-7b1c-9d41-3f0e5a7c2b10", "budget_id": _BUDGET_ID, "raised_by": "0.15"}

KEY_BODY = {
    "name": "billing service",
    "scopes": ["ask", "read"],
    "allowed_models": ["openai:gpt-4o-mini", "sim:*"],
    "user_tier": "free",
    "expires_at": "2027-03-01T00:00:00Z",
    "budget": {"limit": "20.00", "period": "day"},
}
KEY: dict[str, Any] = {
    "id": _KEY_ID,
    "name": "billing service",
    "prefix": "pdr_6xIuC2Qm",
    "scopes": ["ask", "read"],
    "allowed_models": ["openai:gpt-4o-mini", "sim:*"],
    "user_tier": "free",
    "created_at": _AT,
    "expires_at": "2027-03-01T00:00:00+00:00",
    "revoked_at": None,
    "replaces": None,
}
KEYS = {"data": [KEY]}
NEW_KEY = {**KEY, "key": "pdr_6xIuC2Qm...", "budget_id": _BUDGET_ID}
