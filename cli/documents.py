"""`perdure documents`: what the commands do."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx2
from rich.console import Console
from rich.table import Table

from cli.client import Server, ask
from cli.exits import Exit, fail

_KINDS = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
}
_SECONDS = httpx2.Timeout(300)
"""A large document takes a while to be read."""


async def add(server: Server, paths: list[str], *, name: str | None, collection: str | None, as_json: bool) -> None:
    """Store what is in files, and print what became of each."""
    found = list(_found(paths))
    if name is not None and len(found) != 1:
        fail("--name is for one file; there are several.", Exit.USAGE)
    stored = []
    async with server.http(_SECONDS) as http:
        for path, called in found:
            body = {
                "name": name or called,
                "text": _text(path),
                "media_type": _KINDS.get(path.suffix.lower(), "text/plain") if path is not None else "text/plain",
                **({"collection": collection} if collection else {}),
            }
            if not body["name"]:
                fail("Say what to call it: --name.", Exit.USAGE)
            stored.append(await ask(http, "PUT", "/api/documents", body))
            if not as_json:
                one = stored[-1]
                print(f"{one['change']}: {one['name']} ({one['passages']} passages)")
    if as_json:
        print(json.dumps(stored))


async def list_all(server: Server, collection: str | None, *, as_json: bool) -> None:
    """Print the documents, page after page."""
    found: list[dict[str, Any]] = []
    given = {"limit": "200", **({"collection": collection} if collection else {})}
    async with server.http() as http:
        while True:
            page = await ask(http, "GET", f"/api/documents?{urlencode(given)}")
            found += page["data"]
            if page["next_cursor"] is None:
                break
            given["cursor"] = page["next_cursor"]
    if as_json:
        print(json.dumps(found))
        return
    table = Table("id", "collection", "name", "characters", "passages", "updated")
    for one in found:
        size, passages = f"{one['characters']:,}", str(one["passages"])
        table.add_row(one["id"], one["collection"], one["name"], size, passages, one["updated_at"])
    Console().print(table)


async def show(server: Server, document: str, collection: str | None, *, as_json: bool) -> None:
    """Print one."""
    async with server.http() as http:
        found = await ask(http, "GET", f"/api/documents/{await _id(http, document, collection)}")
    print(json.dumps(found) if as_json else found["text"])


async def search(server: Server, query: str, collection: str | None, limit: int, *, as_json: bool) -> None:
    """Print the passages that fit."""
    async with server.http() as http:
        body = {"query": query, "collection": collection, "limit": limit}
        found = await ask(http, "POST", "/api/documents/search", body)
    if as_json:
        print(json.dumps(found))
        return
    console = Console(highlight=False)
    for one in found["data"]:
        heading = f", {one['heading']}" if one["heading"] else ""
        head = f"{one['score']:.2f} {one['collection']}/{one['name']}{heading}"
        console.print(head, style="bold", markup=False)
        console.print(one["text"].strip(), markup=False, soft_wrap=True)
        console.print()


async def remove(server: Server, document: str, collection: str | None) -> None:
    """Remove one."""
    async with server.http() as http:
        await ask(http, "DELETE", f"/api/documents/{await _id(http, document, collection)}")
    print("Removed.")


async def _id(http: httpx2.AsyncClient, document: str, collection: str | None) -> str:
    try:
        return str(UUID(document))
    except ValueError:
        pass
    given = {"name": document, **({"collection": collection} if collection else {})}
    found = (await ask(http, "GET", f"/api/documents?{urlencode(given)}"))["data"]
    if not found:
        fail(f"There is no document {document!r}.", Exit.NOT_FOUND)
    if len(found) > 1:
        names = ", ".join(one["collection"] for one in found)
        fail(f"Several collections have a document {document!r}: say --collection ({names}).", Exit.USAGE)
    return str(found[0]["id"])


def _found(paths: list[str]) -> Iterator[tuple[Path | None, str]]:
    """Files, and what each is called; None is standard input."""
    for given in paths:
        path = Path(given)
        if given == "-":
            yield None, ""
        elif path.is_dir():
            files = sorted(one for one in path.rglob("*") if one.is_file() and one.suffix.lower() in _KINDS)
            if not files:
                fail(f"There is no text ({', '.join(_KINDS)}) in {given}.")
            yield from ((file, file.relative_to(path).as_posix()) for file in files)
        elif path.is_file():
            yield path, path.name
        else:
            fail(f"There is no file {given}.", Exit.USAGE)


def _text(path: Path | None) -> str:
    content = sys.stdin.buffer.read() if path is None else path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        fail(f"{path or 'Standard input'} is not UTF-8.")
