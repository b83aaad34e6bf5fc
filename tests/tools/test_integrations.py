"""Declared actions on an HTTP API: Slack's, against a server that checks what Slack documents, and mistakes in declarations."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from contracts.tools import ToolOutcome
from tests.tools.calls import done, refusal, text_of, use
from tests.tools.loopback import Asked, Said, Server, serving
from tools.integrations.declaration import Integration
from tools.integrations.tool import ActionTool, integration_tools
from workers.tool_files import ToolsFileError, read_document

SLACK = Path(__file__).parents[2] / "examples" / "integrations" / "slack.yaml"
TOKEN = "xoxb-1-2-abc"
CHANNELS = [
    {"id": "C1", "name": "general", "is_channel": True, "is_private": False, "is_member": True, "num_members": 4},
    {"id": "C2", "name": "ops", "is_channel": True, "is_private": True, "is_member": False, "num_members": 2},
]


def slack(one: Asked) -> Said:
    """What docs.slack.dev says of authentication, chat.postMessage and conversations.list: errors come with status 200."""
    path, query = one.path, {name: values[0] for name, values in parse_qs(urlsplit(one.target).query).items()}
    if one.headers.get("authorization") != f"Bearer {TOKEN}":
        return _json({"ok": False, "error": "invalid_auth"})
    match one.method, path:
        case "POST", "/api/chat.postMessage":
            if not one.headers["content-type"].startswith("application/json; charset=utf-8"):
                return _json({"ok": False, "error": "invalid_form_data"})
            said = json.loads(one.body)
            if said.get("channel") not in ("C1", "#general"):
                return _json({"ok": False, "error": said.get("channel") or "channel_not_found"})
            return _json({"ok": True, "channel": "C1", "ts": "1503435956.000247", "message": {"text": said["text"]}})
        case "GET", "/api/conversations.list":
            if int(query.get("limit", 100)) > 999:
                return _json({"ok": False, "error": "invalid_limit"})
            following = "" if query.get("cursor") else "dGVhbTpDMQ=="
            return _json({"ok": True, "channels": CHANNELS, "response_metadata": {"next_cursor": following}})
        case _:
            return _json({"ok": False, "error": "unknown_method"})


def _json(value: Any, status: int = 200, **headers: str) -> Said:
    return Said(status, json.dumps(value).encode(), {"content-type": "application/json; charset=utf-8", **headers})


def on(server: Server, text: str, secret: str = TOKEN) -> dict[str, ActionTool]:
    """The integration's tools, sent to a local server."""
    declared = read_document(text, Integration, source="shop.yaml", thing="an integration")
    moved = Integration.model_validate(
        {**declared.model_dump(), "base_url": f"{server.url}/api", "networks": ["127.0.0.1/32"]}
    )
    return {tool.definition.name: tool for tool in integration_tools(moved, lambda name: secret)}


async def test_slack_takes_a_message() -> None:
    async with serving(slack) as server:
        tools = on(server, SLACK.read_text())
        data = await done(tools["slack__send-message"], channel="C1", text="Hello, wörld")
        (one,) = server.asked
    assert data == {"channel": "C1", "ts": "1503435956.000247"}
    assert json.loads(one.body) == {"channel": "C1", "text": "Hello, wörld"}


async def test_slack_lists_its_channels_by_pages() -> None:
    async with serving(slack) as server:
        tools = on(server, SLACK.read_text())
        first = await done(tools["slack__get-channels"], limit=2)
        last = await done(tools["slack__get-channels"], limit=2, cursor=first["next_cursor"])
    assert first["channels"][1] == {"id": "C2", "name": "ops", "is_private": True, "is_member": False}
    assert last["next_cursor"] == ""


@pytest.mark.parametrize(
    ("error", "outcome", "temporary"),
    [
        ("channel_not_found", ToolOutcome.FAILED, False),
        ("ratelimited", ToolOutcome.FAILED, True),
        ("service_unavailable", ToolOutcome.FAILED, True),
        # Of these Slack says that the message may have been posted.
        ("internal_error", ToolOutcome.UNKNOWN, False),
        ("fatal_error", ToolOutcome.UNKNOWN, False),
    ],
)
async def test_what_slack_answers_is_understood(error: str, outcome: ToolOutcome, temporary: bool) -> None:
    async with serving(slack) as server:
        result = await use(on(server, SLACK.read_text())["slack__send-message"], channel=error, text="x")
    assert (result.outcome, result.temporary) == (outcome, temporary)
    assert f"The API refused: {error}" in text_of(result)


async def test_slack_s_limit_says_when_to_come_back() -> None:
    async with serving(lambda one: _json({}, 429, **{"retry-after": "30"})) as server:
        result = await use(on(server, SLACK.read_text())["slack__send-message"], channel="C1", text="x")
    assert (result.outcome, result.temporary, result.retry_after) == (ToolOutcome.FAILED, True, 30)


async def test_a_wrong_token_is_not_shown() -> None:
    async with serving(slack) as server:
        said = await refusal(on(server, SLACK.read_text(), "xoxb-wrong")["slack__send-message"], channel="C1", text="x")
    assert "invalid_auth" in said
    assert "xoxb" not in said


async def test_a_message_that_may_have_gone_out_is_not_sent_again() -> None:
    async with serving(lambda one: Said(hang_up=True)) as server:
        tool = on(server, SLACK.read_text())["slack__send-message"]
        assert (await use(tool, channel="C1", text="x")).outcome is ToolOutcome.UNKNOWN
        assert (await use(tool, channel="C1", text="x", begun_before=True)).outcome is ToolOutcome.UNKNOWN
        assert len(server.asked) == 1


OWN = """
name: shop
base_url: https://shop.example/v1
auth: {type: header, name: X-Key, secret: SHOP_KEY}
actions:
  change-order:
    description: Change an order
    method: PATCH
    path: /orders/{id}
    parameters:
      type: object
      properties:
        id: {type: string}
        state: {type: string, enum: [open, "on", "no"]}
        tags: {type: array, items: {type: string}}
      required: [id]
      additionalProperties: false
    constants: {source: perdure}
    idempotency_field: request_id
    send: form
"""


async def test_an_action_of_ones_own() -> None:
    async with serving(lambda one: _json({"done": True})) as server:
        tool = on(server, OWN)["shop__change-order"]
        assert tool.definition.effects.retry == "safe"
        assert await done(tool, id="a b", state="no", tags=["x", "y"]) == {"done": True}
        (one,) = server.asked
    assert (one.method, one.target, one.headers["x-key"]) == ("PATCH", "/api/orders/a%20b", TOKEN)
    assert parse_qs(one.body.decode()) == {
        "state": ["no"],
        "tags": ['["x", "y"]'],
        "source": ["perdure"],
        "request_id": ["turn/1/call"],
    }


@pytest.mark.parametrize("value", ["..", ".", "", "a/b", "a%2fb", "..%2f", "a\\b", "../../admin"])
async def test_an_argument_does_not_leave_its_place_in_the_path(value: str) -> None:
    async with serving(lambda one: _json({})) as server:
        await refusal(on(server, OWN)["shop__change-order"], id=value)
        assert server.asked == []


async def test_an_answer_beyond_its_limit_is_refused() -> None:
    async with serving(lambda one: _json({"x": "y" * 5000})) as server:
        said = await refusal(on(server, f"{OWN}    max_bytes: 1000\n")["shop__change-order"], id="1")
    assert "longer than 1000 bytes" in said


MISTAKES = {
    "not yaml": ("name: [", ":1:8: this is not YAML"),
    "twice": ("name: a\nname: b", ":2:1: .name. is said twice"),
    "anchor": ("name: x\nbase_url: *a", ":2:11: nothing before this is called &a"),
    "empty": ("", "nothing"),
    "unknown": (OWN.replace("constants", "constant"), ":18:5: .*Did you mean constants"),
    "method": (OWN.replace("PATCH", "PUTT"), ":8:13: "),
    "placeholder": (OWN.replace("required: [id]", "required: [state]"), ":7:5: .*{id}"),
    "cel": (f"{OWN}    ok: body.ok ==\n", ":21:.*CEL"),
    "base": (OWN.replace("https://shop", "ftp://shop"), ":3:11: "),
    "auth": (OWN.replace("type: header", "type: magic"), ":4:"),
    "schema": (OWN.replace("type: array, items", "type: arrray, items"), "no JSON Schema"),
    "reconcile": (f"{OWN}    retry: reconcile\n", "cannot be reconciled"),
}


@pytest.mark.parametrize(("text", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_placed(text: str, says: str) -> None:
    with pytest.raises(ToolsFileError, match=f"(?s){says}") as raised:
        read_document(text, Integration, source="shop.yaml", thing="an integration")
    assert str(raised.value).startswith("shop.yaml")
