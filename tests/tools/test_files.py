"""A workspace's files: what is kept, what is limited, and that no path leads out."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.tools import ToolOutcome
from tests.tools.calls import OTHER_WORKSPACE, WORKSPACE, done, refusal, text_of, use
from tools.files.tools import FilesStanza, ListFiles, ReadFile, SearchFiles, WriteFile

SECRET = "what lies outside"


def stanza(root: Path, **more: Any) -> FilesStanza:
    return FilesStanza(root=root / "files", **more)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with something outside the files, which nobody may read or change."""
    (tmp_path / "outside.txt").write_text(SECRET)
    home = tmp_path / "files" / str(WORKSPACE)
    home.mkdir(parents=True)
    return tmp_path


def home(root: Path) -> Path:
    return root / "files" / str(WORKSPACE)


async def test_what_is_written_is_read(root: Path) -> None:
    files = stanza(root)
    written = await done(WriteFile(files), path="notes/plan.md", content="one\ntwo ü\nthree")
    assert written == {"path": "notes/plan.md", "bytes": 16, "new": True}
    assert (await done(ReadFile(files), path="./notes//plan.md"))["text"] == "one\ntwo ü\nthree"
    part = await done(ReadFile(files), path="notes/plan.md", from_line=2, lines=1)
    assert part == {"path": "notes/plan.md", "text": "two ü\n", "lines": 3}
    assert not (await done(WriteFile(files), path="notes/plan.md", content=""))["new"]
    assert text_of(await use(ReadFile(files), path="notes/plan.md")) == "[empty]"


async def test_folders_are_listed_and_searched(root: Path) -> None:
    files = stanza(root)
    for path in ("b/deep/x.md", "a.txt", "b/y.TXT"):
        await done(
            WriteFile(files), path=path, content=f"first\nNeedle in {path}\n" + "x" * 1000 + "needle" + "y" * 1000
        )
    assert [one["path"] for one in await done(ListFiles(files))] == ["a.txt", "b"]
    assert [one["path"] for one in await done(ListFiles(files), path="b", recursive=True)] == [
        "b/deep",
        "b/deep/x.md",
        "b/y.TXT",
    ]
    found = await done(SearchFiles(files), text="NEEDLE", names="*.md")
    assert [(one["path"], one["line"]) for one in found] == [("b/deep/x.md", 2), ("b/deep/x.md", 3)]
    assert len(found[1]["text"]) < 310
    cut = await use(SearchFiles(files), text="needle", limit=2)
    assert cut.truncated


async def test_workspaces_do_not_see_each_other(root: Path) -> None:
    files = stanza(root)
    await done(WriteFile(files), path="mine.txt", content="mine")
    assert "There is no file mine.txt" in await refusal(ReadFile(files), workspace=OTHER_WORKSPACE, path="mine.txt")
    assert await done(ListFiles(files), workspace=OTHER_WORKSPACE) == []


ESCAPES = [
    "../outside.txt",
    "../../outside.txt",
    "/etc/passwd",
    "a/../../../outside.txt",
    "a/..",
    "..",
    "../..//outside.txt",
    "..\\..\\outside.txt",
    "link.txt",
    "linked/outside.txt",
    "linked/../linked/outside.txt",
    "deep/linked/outside.txt",
    "absolute",
    "pipe",
    "a\0b",
    "new\nline",
    "x" * 201,
    "/".join("a" * 40),
    "",
    ".",
    "folder/",
    ".perdure-new-1",
]


@pytest.mark.parametrize("path", ESCAPES, ids=range(len(ESCAPES)))
async def test_no_path_leads_out(root: Path, path: str) -> None:
    files = stanza(root)
    (home(root) / "link.txt").symlink_to(root / "outside.txt")
    (home(root) / "linked").symlink_to(root)
    (home(root) / "deep").mkdir()
    (home(root) / "deep" / "linked").symlink_to("../../..")
    (home(root) / "absolute").symlink_to("/etc/passwd")
    os.mkfifo(home(root) / "pipe")
    for result in (
        await use(ReadFile(files), path=path),
        await use(SearchFiles(files), text="outside", path=path),
        await use(ListFiles(files), path=path, recursive=True),
        await use(WriteFile(files), path=path, content="changed"),
    ):
        assert SECRET not in text_of(result)
        assert "outside.txt" not in str(result.data)
    assert (root / "outside.txt").read_text() == SECRET
    assert sorted(one.name for one in root.iterdir()) == ["files", "outside.txt"]
    assert sorted(one.name for one in (root / "files").iterdir()) == [str(WORKSPACE)]


async def test_a_link_is_replaced_and_not_followed(root: Path) -> None:
    (home(root) / "link.txt").symlink_to(root / "outside.txt")
    await done(WriteFile(stanza(root)), path="link.txt", content="mine")
    assert (root / "outside.txt").read_text() == SECRET
    assert (home(root) / "link.txt").read_text() == "mine"


async def test_a_workspace_that_is_a_link_is_refused(root: Path) -> None:
    (root / "files" / str(OTHER_WORKSPACE)).symlink_to(root)
    result = await use(ReadFile(stanza(root)), workspace=OTHER_WORKSPACE, path="outside.txt")
    assert result.outcome is ToolOutcome.FAILED
    assert SECRET not in text_of(result)


async def test_quotas_hold(root: Path) -> None:
    files = stanza(root, quota_bytes=100, file_bytes=60, entries=3)
    write = WriteFile(files)
    assert "a file may have 60" in await refusal(write, path="big", content="x" * 61)
    await done(write, path="one", content="x" * 60)
    assert "60 of 100 bytes" in await refusal(write, path="two", content="x" * 41)
    # What it replaces does not count.
    await done(write, path="one", content="y" * 60)
    await done(write, path="folder/two", content="x")
    assert "no more fit" in await refusal(write, path="three", content="x")
    assert "is a folder" in await refusal(write, path="folder", content="x")


async def test_two_writers_do_not_share_the_last_room(root: Path) -> None:
    write = WriteFile(stanza(root, quota_bytes=100))
    ended = await asyncio.gather(*(use(write, path=f"f{number}", content="x" * 60) for number in range(5)))
    assert [one.outcome for one in ended].count(ToolOutcome.OK) == 1


async def test_what_is_no_text_is_said(root: Path) -> None:
    (home(root) / "picture").write_bytes(b"\xff\xd8\xff")
    assert "is not UTF-8 text" in await refusal(ReadFile(stanza(root)), path="picture")
    assert await done(SearchFiles(stanza(root)), text="x") == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["..", ".", "", "linked", "a", "outside.txt", "\\", "%2e%2e"]), max_size=6))
def test_no_path_of_such_parts_reads_what_is_outside(root: Path, parts: list[str]) -> None:
    if not (home(root) / "linked").is_symlink():
        (home(root) / "linked").symlink_to(root)
    result = asyncio.run(use(ReadFile(stanza(root)), path="/".join(parts)))
    assert result.outcome is ToolOutcome.FAILED
    assert SECRET not in text_of(result)
