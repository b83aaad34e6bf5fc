"""Examples of schedules and triggers."""

_ID = "01935c5e-8a6f-7b1c-9d41-3f0e5a7c2b10"
_AT = "2026-03-01T12:00:00+00:00"
_WISH = {
    "input": {"topic": "tea"},
    "version": None,
    "budget": {"cost": "2"},
    "metadata": {},
    "user": None,
    "callback_url": None,
}
_ENDS = {
    "paused": False,
    "last": {"run": _ID, "error": None, "at": _AT},
    "author": "pd_1234567890",
    "created_at": _AT,
    "updated_at": _AT,
}
SCHEDULE_BODY = {
    "name": "every-morning",
    "pipeline": "haiku",
    "cron": "0 7 * * MON-FRI",
    "time_zone": "Europe/Berlin",
    "input": {"topic": "tea on {{ at }}"},
    "budget": {"cost": "2"},
}
SCHEDULE = {
    "id": _ID,
    "kind": "schedule",
    "name": "every-morning",
    "pipeline": "haiku",
    "cron": ["0 7 * * MON-FRI"],
    "every": None,
    "offset": 0,
    "time_zone": "Europe/Berlin",
    "start_at": None,
    "end_at": None,
    "jitter": 0,
    "overlap": "skip",
    "catch_up": 86400,
    **_WISH,
    **_ENDS,
    "next": ["2026-03-02T06:00:00+00:00"],
    "started": 12,
    "skipped": 0,
    "missed": 0,
    "at_work": 0,
}
SCHEDULES = {"data": [SCHEDULE], "next_cursor": None}
BACKFILL = {"start_at": "2026-02-01T00:00:00Z", "end_at": "2026-02-08T00:00:00Z", "overlap": "buffer_all"}
TOLD = {"id": _ID, "told": "backfill"}
TRIGGER_BODY = {
    "name": "new-invoice",
    "pipeline": "document-extraction",
    "webhook": True,
    "input": {"folder": "{{ body.folder }}"},
}
TRIGGER = {
    "id": _ID,
    "kind": "webhook",
    "name": "new-invoice",
    "pipeline": "document-extraction",
    "url": f"/hooks/{_ID}",
    **_WISH,
    "input": {"folder": "{{ body.folder }}"},
    **_ENDS,
}
NEW_TRIGGER = {**TRIGGER, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
TRIGGERS = {"data": [TRIGGER], "next_cursor": None}
DELIVERED = {"run": _ID}
