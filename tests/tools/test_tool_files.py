"""`tools.yaml`: what it makes, what is wrong with it and where, and the tools of a process made of it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import PerdureError
from contracts.tools import ToolOutcome, UnavailableTool
from settings import Settings
from tests.tools.calls import NOW, asked, text_of
from tests.tools.loopback import Said, serving
from tests.tools.test_mcp import SERVER
from workers.tool_files import ToolsFileError, read_tool_files
from workers.tooling import build_tools, running_tools

ROOT = Path(__file__).parents[2]


def written(folder: Path, text: str) -> Settings:
    (folder / "tools.yaml").write_text(text)
    return Settings(_env_file=None, tools_file=folder / "tools.yaml")


WHOLE = f"""
sql:
  - {{name: shop, dsn_secret: SHOP_DSN, description: The shop.}}
http:
  - {{name: weather, base_url: "https://weather.example/v1", methods: [GET]}}
web: {{}}
files: {{root: files}}
integrations: [{ROOT}/examples/integrations]
"""


def test_everything_that_is_written_down_is_there(tmp_path: Path) -> None:
    registry = build_tools(written(tmp_path, WHOLE))
    assert [one.name for one in registry.definitions()] == [
        "calculator",
        "date_time",
        "files_list",
        "files_read",
        "files_search",
        "files_write",
        "http__weather",
        "slack__get-channels",
        "slack__send-message",
        "sql__shop",
        "sql__shop__tables",
        "web_page",
    ]
    assert all(one.description and one.parameters["type"] == "object" for one in registry.definitions())
    with pytest.raises(PerdureError, match=r"no tool 'sql__shp'. Did you mean sql__shop"):
        registry.get("sql__shp")


def test_files_lie_beside_the_tools_file(tmp_path: Path) -> None:
    files = read_tool_files(written(tmp_path, "files: {root: kept}").tools_file).stanza.files
    assert files is not None
    assert files.root == tmp_path / "kept"


def test_the_examples_offer_what_their_pipelines_call() -> None:
    files = read_tool_files(ROOT / "examples" / "tools.yaml")
    assert files.stanza.files is not None
    assert files.stanza.web is not None


def test_without_a_file_there_are_the_harmless_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [one.name for one in build_tools(Settings(_env_file=None)).definitions()] == ["calculator", "date_time"]


MISTAKES = {
    "missing file": (None, "cannot be read: No such file"),
    "yaml": ("sql: [", "tools.yaml:1:7: this is not YAML"),
    "field": ("sqll: []", "tools.yaml:1:1: sqll: there is no field 'sqll' here. Did you mean sql"),
    "stanza": ("sql:\n  - name: shop\n", "tools.yaml:2:5: sql.0.dsn_secret: this field is missing"),
    "inner": (
        "http:\n  - {name: a, base_url: https://a.example,\n     auth: {type: bearr, secret: K}}",
        "tools.yaml:3:",
    ),
    "union": ("mcp:\n  - {name: a, transport: sdtio, allow: ['*'], command: x}", "Did you mean stdio"),
    "union field": (
        "mcp:\n  - {name: a, transport: stdio, allow: ['*'], comand: x}",
        "tools.yaml:2:47: mcp.0.comand: there is no field 'comand' here. Did you mean command",
    ),
    "twice": ("http:\n- &a {name: a, base_url: https://a.example}\n- *a", "two http stanzas are called 'a'"),
    "two tools": ("integrations: [one.yaml, two.yaml]", "two tools are called 'same__do'"),
    "no integration": ("integrations: [nowhere.yaml]", "there is no integration"),
    "latin-1": (b"# caf\xe9\n", "tools.yaml:1:6: the text is not UTF-8"),
    "integration": ("integrations: [broken.yaml]", "broken.yaml:3:1: actons: there is no field 'actons'"),
}
_ACTION = "actions:\n  do: {description: Do it, path: /x}\n"


@pytest.mark.parametrize(("text", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_placed(tmp_path: Path, text: str | bytes | None, says: str) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(f"name: same\nbase_url: https://{name}.example\n{_ACTION}")
    (tmp_path / "broken.yaml").write_text(
        f"name: x\nbase_url: https://x.example\n{_ACTION.replace('actions', 'actons')}"
    )
    if text is not None:
        (tmp_path / "tools.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ToolsFileError) as raised:
        build_tools(Settings(_env_file=None, tools_file=tmp_path / "tools.yaml"))
    assert says in str(raised.value)


async def test_a_running_process_calls_its_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEATHER_KEY", "s3cr3t")
    async with serving(lambda one: Said(body=b'{"sun": true}', headers={"content-type": "application/json"})) as server:
        stanza: dict[str, Any] = {
            "http": [
                {
                    "name": "weather",
                    "base_url": server.url,
                    "networks": ["127.0.0.1/32"],
                    "auth": {"type": "bearer", "secret": "WEATHER_KEY"},
                }
            ],
            "mcp": [
                {"name": "house", "transport": "stdio", "command": sys.executable, "args": [SERVER], "allow": ["add"]},
                {"name": "gone", "transport": "stdio", "command": "/nowhere/x", "allow": ["*"]},
            ],
        }
        async with running_tools(written(tmp_path, json.dumps(stanza))) as tools:
            assert {"http__weather", "house__add"} <= {one.name for one in tools.definitions()}
            assert tools.unavailable == (
                UnavailableTool(name="gone", reason="The MCP server gone could not be opened (FileNotFoundError)."),
            )
            result = await tools.call(asked("http__weather", '{"path": "/today"}'), now=NOW)
            assert (result.outcome, result.data["body"]) == (ToolOutcome.OK, {"sun": True})
            added = await tools.call(asked("house__add", '{"a": 1, "b": 2}'), now=NOW)
            assert added.data == {"result": 3}
            unknown = await tools.call(asked("house__ad", "{}"), now=NOW)
            assert unknown.outcome is ToolOutcome.FAILED
            assert "Did you mean house__add" in text_of(unknown)
        assert server.asked[0].headers["authorization"] == "Bearer s3cr3t"
