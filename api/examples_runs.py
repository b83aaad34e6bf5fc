"""Examples of pipelines and runs."""

PIPELINE_TEXT = """\
name: haiku
inputs: {topic: string}
steps:
  - {id: poem, kind: agent, prompt: "A haiku on {{ topic }}."}
"""
_VERSION = "5f0c2d3e4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
_AT = "2026-03-01T12:00:00Z"
_ID = "01935c5e-8a6f-7b1c-9d41-3f0e5a7c2b10"
_BOUND = {
    "steps": 1,
    "model_calls": 8,
    "tool_calls": 0,
    "input_tokens": 1024000,
    "output_tokens": 1024000,
    "cost_usd": "2.2",
    "proven": True,
    "unpriced": [],
    "unknown": [],
}
_LISTED = {"name": "haiku", "number": 1, "version": _VERSION, "author": "pd_1234567890", "created_at": _AT}
STORED = {**_LISTED, "new": True, "warnings": [], "bound": {"total": _BOUND, "capped": _BOUND}}
CHECKED = {"valid": True, "version": _VERSION, "problems": [], "bound": {"total": _BOUND, "capped": _BOUND}}
PIPELINE = {**_LISTED, "source": PIPELINE_TEXT}
PIPELINES = {"data": [_LISTED], "next_cursor": None}
RUN_BODY = {"input": {"topic": "tea"}}
ACTED = {
    "id": _ID,
    "pipeline": "haiku",
    "state": "running",
    "queued": False,
    "paused": False,
    "cancel_requested": False,
    "generation": 1,
    "error": None,
    "budget": None,
    "metadata": {},
    "parent": None,
    "forked_from": None,
    "trigger": None,
    "user": None,
    "callback": None,
    "author": "pd_1234567890",
    "created_at": _AT,
    "started_at": _AT,
    "finished_at": None,
}
_USED = {"turns": 1, "calls": 1, "input_tokens": 12, "output_tokens": 20, "cost_usd": "0.000052"}
RUN = {
    **ACTED,
    "version": _VERSION,
    "input": {"topic": "tea"},
    "output": None,
    **_USED,
    "steps": [
        {
            "id": "poem",
            "kind": "agent",
            "within": None,
            "needs": [],
            "state": "running",
            "attempt": 1,
            "error": None,
            "reused": False,
            "started_at": _AT,
            "finished_at": None,
            **_USED,
        }
    ],
    "waiting": [],
}
RUNS = {"data": [ACTED], "next_cursor": None}
STEP = {
    "step": "poem",
    "id": "poem",
    "place": [],
    "kind": "agent",
    "state": "completed",
    "attempt": 1,
    "reused": False,
    "error": None,
    "output": {"result": "Steam over the cup ..."},
    "awaits": None,
    "turns": [{"id": _ID, "thread": "agent", "state": "completed"}],
    "items": [],
    "used": _USED,
    "started_at": _AT,
    "finished_at": _AT,
}
DECISION = {"comment": "Go on.", "value": ["What is tea?"]}
SIGNAL = {"event": "paid", "payload": {"amount": 12}, "key": "invoice-7"}
BUDGET = {"budget": {"cost": "10"}}
EVENTS = """\
id: 7
event: step
data: {"step":"poem","place":[],"key":"poem","kind":"agent","state":"running","attempt":1,"at":"2026-03-01T12:00:00Z"}

"""
FORK = {"step": "poem", "edits": {"poem": {"prompt": "A limerick on {{ topic }}."}}}
COMPARED = {
    "runs": [ACTED, ACTED],
    "steps": [{"step": "poem", "same": False, "left": {"state": "completed"}, "right": {"state": "completed"}}],
    "output": {"same": False, "left": {"result": "Steam ..."}, "right": {"result": "There once ..."}},
}
