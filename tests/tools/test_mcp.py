"""Tools of real MCP servers, over standard input and over HTTP."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from contracts.tools import ToolError, ToolOutcome
from tests.fixtures.postgres import free_port
from tests.tools.calls import done, refusal, text_of, use
from tools.mcp.stanza import McpProcess, McpUrl
from tools.mcp.tools import McpServer, McpTool, tool_name

pytestmark = pytest.mark.real

SERVER = str(Path(__file__).with_name("mcp_server.py"))


def process(folder: Path, **more: Any) -> McpServer:
    stanza = {
        "name": "house",
        "transport": "stdio",
        "command": sys.executable,
        "args": [SERVER],
        "env": {"LEDGER": str(folder / "ledger")},
        "allow": ["*"],
        "timeout": 20,
        **more,
    }
    return McpServer(McpProcess.model_validate(stanza), lambda name: {"MCP_TOKEN": "t0psecret"}.get(name, ""))


async def offered(server: McpServer) -> dict[str, McpTool]:
    return {tool.definition.name: tool for tool in (await server.offer()).tools}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[McpServer]:
    made = process(tmp_path)
    yield made
    await made.close()


async def test_tools_are_listed_and_called(server: McpServer, tmp_path: Path) -> None:
    tools = await offered(server)
    assert sorted(tools) == [
        "house__add",
        "house__die",
        "house__fail",
        "house__odd_name__",
        "house__show",
        "house__tell_secret",
        "house__write_down",
    ]
    assert tools["house__add"].definition.description == "Add two numbers."
    assert await done(tools["house__add"], a=2, b=3) == {"result": 5}
    assert "'b' is a required property" in await refusal(tools["house__add"], a=2)
    await done(tools["house__write_down"], text="one")
    assert (tmp_path / "ledger").read_text() == "one turn/1/call\n"
    assert await done(tools["house__odd_name__"]) == {"result": "odd"}
    picture = await use(tools["house__show"])
    assert [part.type for part in picture.content] == ["text", "image"]
    failed = await use(tools["house__fail"], text="because")
    assert failed.outcome is ToolOutcome.FAILED
    assert "because" in text_of(failed)


async def test_a_server_that_dies_leaves_the_outcome_unknown_and_comes_back(server: McpServer) -> None:
    tools = await offered(server)
    result = await use(tools["house__die"])
    assert result.outcome is ToolOutcome.UNKNOWN, text_of(result)
    assert await done(tools["house__add"], a=1, b=1) == {"result": 2}


async def test_calls_at_once_share_a_connection(server: McpServer) -> None:
    tools = await offered(server)
    sums = await asyncio.gather(*(done(tools["house__add"], a=number, b=1) for number in range(20)))
    assert [one["result"] for one in sums] == list(range(1, 21))


async def test_only_what_is_allowed_is_offered_and_hints_count_only_if_trusted(tmp_path: Path) -> None:
    named = process(tmp_path, allow=["add", "write*"], tools={"write_down": {"retry": "safe", "approval": True}})
    trusting = process(tmp_path, allow=["add"], trust_hints=True)
    try:
        tools = await offered(named)
        assert sorted(tools) == ["house__add", "house__write_down"]
        assert tools["house__add"].definition.effects.retry == "unsafe"
        words = tools["house__write_down"].definition.effects
        assert (words.retry, words.approval) == ("safe", True)
        assert (await offered(trusting))["house__add"].definition.effects.retry == "safe"
    finally:
        await named.close()
        await trusting.close()


async def test_a_secret_goes_in_and_does_not_come_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERDURE_SECRET", "ours")
    server = process(tmp_path, secret_env={"TOKEN": "MCP_TOKEN"})
    try:
        said = await use((await offered(server))["house__tell_secret"])
        assert text_of(said) == "token [secret MCP_TOKEN], home none"
        assert "t0psecret" not in str(said.data)
    finally:
        await server.close()
    missing = process(tmp_path, secret_env={"TOKEN": "OTHER"})
    with pytest.raises(ToolError, match="The secret OTHER is not set"):
        await missing.offer()
    await missing.close()


async def test_a_command_that_is_none_is_said(tmp_path: Path) -> None:
    server = process(tmp_path, command="/nowhere/no-such-server")
    with pytest.raises(ToolError, match="MCP server house could not be opened"):
        await server.offer()
    await server.close()


async def test_streamable_http_is_spoken_and_a_restarted_server_is_found_again(tmp_path: Path) -> None:
    port = free_port()
    stanza = McpUrl(name="far", transport="http", url=f"http://127.0.0.1:{port}/mcp", allow=("add",), timeout=20)
    server = McpServer(stanza, lambda name: "")
    try:
        async with listening(port):
            tools = await _once_up(server)
            assert await done(tools["far__add"], a=20, b=22) == {"result": 42}
        assert (await use(tools["far__add"], a=1, b=1)).outcome is not ToolOutcome.OK
        async with listening(port):
            await _once_up(server)
            assert await done(tools["far__add"], a=1, b=1) == {"result": 2}
    finally:
        await server.close()


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[None]:
    quiet = asyncio.subprocess.DEVNULL
    child = await asyncio.create_subprocess_exec(sys.executable, SERVER, "http", str(port), stdout=quiet, stderr=quiet)
    try:
        yield
    finally:
        child.kill()
        await child.wait()


async def _once_up(server: McpServer) -> dict[str, McpTool]:
    async with asyncio.timeout(30):
        while True:
            try:
                return await offered(server)
            except ToolError:
                await asyncio.sleep(0.1)


def test_names_fit_every_vendor_and_stay_apart() -> None:
    names = [tool_name("house", "x" * 80), tool_name("house", "x" * 81), tool_name("house", "a.b/c d")]
    assert all(len(name) <= 64 for name in names)
    assert len(set(names)) == 3
    assert names[2] == "house__a_b_c_d"
