"""Requests to a registered host: what is sent, what is shown, what a failure means."""

import json

import pytest

from contracts.tools import ToolOutcome
from tests.tools.calls import done, refusal, text_of, use
from tests.tools.loopback import Asked, Said, Server, serving
from tools.calling import effects_of
from tools.http.credentials import Credentials, QueryAuth
from tools.http.stanza import HttpStanza
from tools.http.tool import HttpTool

JSON = {"content-type": "application/json; charset=utf-8"}


def host(server: Server, **more: object) -> HttpTool:
    stanza = {"name": "shop", "base_url": f"{server.url}/api", "networks": ["127.0.0.1/32"], **more}
    stanza.setdefault("methods", ["GET", "POST", "PUT", "DELETE"])
    return HttpTool(HttpStanza.model_validate(stanza), {"KEY": "s3cr3t"}.get)  # type: ignore[arg-type]


async def test_a_request_goes_as_it_was_asked() -> None:
    async with serving(lambda one: Said(201, b'{"id": 7}', JSON)) as server:
        tool = host(server, headers={"X-Client": "perdure"}, idempotency_header="Idempotency-Key")
        data = await done(
            tool,
            method="POST",
            path="/orders",
            query={"dry": True, "q": "a b&c"},
            json={"n": 1},
            headers={"X-Note": "1"},
        )
        (one,) = server.asked
    assert data == {"status": 201, "headers": {"content-type": JSON["content-type"]}, "body": {"id": 7}}
    assert one.method == "POST"
    assert one.target in ("/api/orders?dry=true&q=a+b%26c", "/api/orders?dry=true&q=a%20b%26c")
    assert json.loads(one.body) == {"n": 1}
    assert one.headers["x-client"] == "perdure"
    assert one.headers["x-note"] == "1"
    assert one.headers["idempotency-key"] == "turn/1/call"
    assert one.headers["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    ("auth", "header", "query"),
    [
        ({"type": "bearer", "secret": "KEY"}, ("authorization", "Bearer s3cr3t"), ""),
        ({"type": "header", "name": "X-Key", "secret": "KEY", "prefix": "Token "}, ("x-key", "Token s3cr3t"), ""),
        ({"type": "basic", "username": "me", "secret": "KEY"}, ("authorization", "Basic bWU6czNjcjN0"), ""),
        ({"type": "query", "name": "key", "secret": "KEY"}, None, "key=s3cr3t"),
    ],
    ids=["bearer", "header", "basic", "query"],
)
async def test_credentials_are_added(auth: dict[str, str], header: tuple[str, str] | None, query: str) -> None:
    async with serving(lambda one: Said(body=b"{}", headers=JSON)) as server:
        await done(host(server, auth=auth), path="/x")
        (one,) = server.asked
    assert one.target == (f"/api/x?{query}" if query else "/api/x")
    if header:
        assert one.headers[header[0]] == header[1]


async def test_a_missing_secret_is_named_and_nothing_is_sent() -> None:
    async with serving(lambda one: Said()) as server:
        said = await refusal(host(server, auth={"type": "bearer", "secret": "OTHER"}), path="/x")
        assert said == "The secret OTHER is not set. Whoever runs this deployment has to set it."
        assert server.asked == []
    assert (
        Credentials(QueryAuth(type="query", secret="KEY", name="k"), lambda name: "v w")
        .hide("v%20w v+w v w")
        .count("KEY")
        == 3
    )


@pytest.mark.parametrize(
    ("method", "status", "outcome", "temporary"),
    [
        ("GET", 404, ToolOutcome.FAILED, False),
        ("GET", 503, ToolOutcome.FAILED, True),
        ("PUT", 500, ToolOutcome.FAILED, True),
        ("POST", 400, ToolOutcome.FAILED, False),
        ("POST", 429, ToolOutcome.FAILED, True),
        ("POST", 500, ToolOutcome.UNKNOWN, False),
    ],
)
async def test_what_a_status_means(method: str, status: int, outcome: ToolOutcome, temporary: bool) -> None:
    async with serving(lambda one: Said(status, b"why", {"content-type": "text/plain", "retry-after": "7"})) as server:
        result = await use(host(server), method=method, path="/x")
    assert (result.outcome, result.temporary, result.retry_after) == (outcome, temporary, 7.0)
    assert text_of(result).startswith(f"HTTP {status}: why")


@pytest.mark.parametrize(
    ("method", "header", "outcome"),
    [
        ("GET", "", ToolOutcome.FAILED),
        ("DELETE", "", ToolOutcome.FAILED),
        ("POST", "", ToolOutcome.UNKNOWN),
        ("POST", "Idempotency-Key", ToolOutcome.FAILED),
    ],
)
async def test_a_connection_that_is_cut_leaves_a_post_unknown(method: str, header: str, outcome: ToolOutcome) -> None:
    async with serving(lambda one: Said(hang_up=True)) as server:
        result = await use(host(server, idempotency_header=header), method=method, path="/x")
        assert len(server.asked) == 1
    assert result.outcome is outcome


async def test_a_post_whose_redirect_fails_is_unknown() -> None:
    async with serving(lambda one: Said(303, headers={"location": "http://10.0.0.1/"})) as server:
        assert (await use(host(server), method="POST", path="/x")).outcome is ToolOutcome.UNKNOWN


async def test_a_host_that_is_down_was_not_asked() -> None:
    async with serving(lambda one: Said()) as server:
        tool = host(server)
    result = await use(tool, method="POST", path="/x")
    assert (result.outcome, result.temporary) == (ToolOutcome.FAILED, True)


async def test_effects_follow_the_method() -> None:
    async with serving(lambda one: Said()) as server:
        tool = host(server)
    told = {method: effects_of(tool, {"method": method, "path": ""}) for method in ("GET", "PUT", "POST")}
    assert {method: (effects.retry, effects.approval) for method, effects in told.items()} == {
        "GET": ("safe", False),
        "PUT": ("safe", True),
        "POST": ("unsafe", True),
    }
    assert (tool.definition.effects.retry, tool.definition.effects.approval) == ("unsafe", True)


async def test_pictures_go_beside_and_bytes_are_counted() -> None:
    def answer(one: Asked) -> Said:
        return Said(
            body=b"\x89PNG\0", headers={"content-type": "image/png" if one.path.endswith("png") else "application/zip"}
        )

    async with serving(answer) as server:
        picture = await use(host(server), path="/a.png")
        assert [part.type for part in picture.content] == ["text", "image"]
        assert "[5 bytes of application/zip, not shown]" in text_of(await use(host(server), path="/a.zip"))


@pytest.mark.parametrize("base_url", ["ftp://x/", "https://", "https://a:b@x/", "https://x/?q=1", "x"])
def test_a_base_url_is_plain(base_url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        HttpStanza(name="x", base_url=base_url)
