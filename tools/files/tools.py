"""The tools over a workspace's files: list, read, write, search."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from contracts.tools import ToolDefinition, ToolEffects, ToolError
from tools.files.workspace import Quota, Workspace
from tools.protocol import Arguments, CallContext, Tool, ToolOutput

_T = TypeVar("_T")
_MAX_LISTED = 1_000
_MAX_LINE_CHARS = 300


class FilesStanza(BaseModel):
    """Where workspaces keep their files, one folder each below `root`, and how much of them. Sizes are in bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: Path
    quota_bytes: int = Field(default=100_000_000, ge=0)
    file_bytes: int = Field(default=5_000_000, ge=1)
    entries: int = Field(default=5_000, ge=1)
    approval: bool = False
    """Whether a person agrees before a file is written."""

    def workspace(self, context: CallContext) -> Workspace:
        """The files of the workspace that calls."""
        return Workspace(self.root, context.workspace_id, Quota(self.quota_bytes, self.file_bytes, self.entries))


def file_tools(stanza: FilesStanza) -> tuple[Tool, ...]:
    """All four."""
    return ListFiles(stanza), ReadFile(stanza), WriteFile(stanza), SearchFiles(stanza)


class ListFiles:
    """What a folder holds."""

    def __init__(self, stanza: FilesStanza) -> None:
        self._stanza = stanza
        self.definition = _definition(
            "files_list",
            "List the workspace's files and folders.",
            {"path": _PATH, "recursive": {"type": "boolean", "default": False}, "names": _NAMES},
        )

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        """At most a thousand entries, by path; with `names` only files."""
        workspace = self._stanza.workspace(context)
        recursive, names = arguments.get("recursive", False), arguments.get("names")
        entries = await _threaded(lambda: list(workspace.entries(arguments.get("path", ""), recursive=recursive)))
        if names is not None:
            entries = [one for one in entries if not one.folder and _is_like(one.path, names)]
        data = [
            {
                "path": entry.path,
                "kind": "folder" if entry.folder else "file",
                "size": entry.size,
                "modified": datetime.fromtimestamp(int(entry.modified), UTC).isoformat(),
            }
            for entry in entries[:_MAX_LISTED]
        ]
        lines = [
            f"{one['path']}/" if one["kind"] == "folder" else f"{one['path']}  {one['size']} bytes" for one in data
        ]
        more = len(entries) - len(data)
        lines += [f"[{more} more, not shown: list a folder of them.]"] if more else []
        return ToolOutput(data=data, text="\n".join(lines) or "[nothing]", truncated=more > 0)


class ReadFile:
    """A file's text."""

    def __init__(self, stanza: FilesStanza) -> None:
        self._stanza = stanza
        self.definition = _definition(
            "files_read",
            "Read a text file of the workspace, or some of its lines.",
            {
                "path": _PATH,
                "from_line": {"type": "integer", "minimum": 1, "default": 1},
                "lines": {"type": "integer", "minimum": 1, "maximum": 100_000},
            },
            required=("path",),
        )

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        """UTF-8 text; anything else is refused."""
        workspace, path = self._stanza.workspace(context), arguments["path"]
        content = await _threaded(lambda: workspace.read(path))
        lines = _text(content, path).splitlines(keepends=True)
        start = arguments.get("from_line", 1) - 1
        shown = "".join(lines[start : start + arguments.get("lines", len(lines))])
        return ToolOutput(data={"path": path, "text": shown, "lines": len(lines)}, text=shown or "[empty]")


class WriteFile:
    """A file, written anew."""

    def __init__(self, stanza: FilesStanza) -> None:
        self._stanza = stanza
        self.definition = _definition(
            "files_write",
            "Write a text file of the workspace; what it held before is replaced. Folders are made.",
            {"path": _PATH, "content": {"type": "string"}},
            required=("path", "content"),
            approval=stanza.approval,
        )

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        """Write it, whole or not at all."""
        workspace, path, content = self._stanza.workspace(context), arguments["path"], arguments["content"].encode()
        new = await _threaded(lambda: workspace.write(path, content))
        said = f"{'Wrote' if new else 'Replaced'} {path}, {len(content)} bytes."
        return ToolOutput(data={"path": path, "bytes": len(content), "new": new}, text=said)


class SearchFiles:
    """Lines that hold a text."""

    def __init__(self, stanza: FilesStanza) -> None:
        self._stanza = stanza
        self.definition = _definition(
            "files_search",
            "Find lines that hold a text, in all text files of the workspace or a folder of it. Upper and lower case are one.",
            {
                "text": {"type": "string", "minLength": 1, "maxLength": 1_000},
                "path": _PATH,
                "names": _NAMES,
                "limit": {"type": "integer", "minimum": 1, "maximum": 1_000, "default": 100},
            },
            required=("text",),
        )

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        """The first lines found, each with its path and number."""
        limit = arguments.get("limit", 100)
        workspace = self._stanza.workspace(context)
        found = await _threaded(lambda: _search(workspace, arguments, limit + 1))
        data = found[:limit]
        lines = [f"{one['path']}:{one['line']}: {one['text']}" for one in data]
        lines += ["[There are more: narrow the search.]"] if len(found) > limit else []
        return ToolOutput(data=data, text="\n".join(lines) or "[nothing found]", truncated=len(found) > limit)


_NAMES: dict[str, Any] = {
    "type": "string",
    "maxLength": 200,
    "description": "Only files with paths like this, such as *.md",
}
_PATH: dict[str, Any] = {
    "type": "string",
    "maxLength": 2_000,
    "description": "Relative to the workspace, such as notes/plan.md",
}


def _definition(
    name: str, description: str, properties: dict[str, Any], *, required: tuple[str, ...] = (), approval: bool = False
) -> ToolDefinition:
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }
    effects = ToolEffects(retry="safe", approval=approval)
    return ToolDefinition(name=name, description=description, parameters=parameters, effects=effects)


async def _threaded(work: Callable[[], _T]) -> _T:
    return await asyncio.to_thread(work)


def _text(content: bytes, path: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ToolError(f"{path} is not UTF-8 text.", field="path") from None


def _search(workspace: Workspace, arguments: Arguments, limit: int) -> list[dict[str, Any]]:
    wanted, names = arguments["text"].casefold(), arguments.get("names", "*")
    found: list[dict[str, Any]] = []
    for entry in workspace.entries(arguments.get("path", ""), recursive=True):
        if entry.folder or not _is_like(entry.path, names):
            continue
        try:
            text = _text(workspace.read(entry.path), entry.path)
        except ToolError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if wanted in line.casefold():
                found.append({"path": entry.path, "line": number, "text": _around(line, wanted)})
                if len(found) == limit:
                    return found
    return found


def _is_like(path: str, names: str) -> bool:
    return fnmatchcase(path, names) or fnmatchcase(path.rpartition("/")[2], names)


def _around(line: str, wanted: str) -> str:
    """The part of a long line that holds what was searched for."""
    if len(line) <= _MAX_LINE_CHARS:
        return line
    at = max(line.casefold().find(wanted) - _MAX_LINE_CHARS // 3, 0)
    return f"…{line[at : at + _MAX_LINE_CHARS]}…"
