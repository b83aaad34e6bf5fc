"""`perdure documents`: the commands. Each imports what it needs when it runs."""

import asyncio
from typing import Annotated

import typer

from cli.options import Json, Key, Url

documents_app = typer.Typer(help="Documents: what models and pipelines can look things up in.", no_args_is_help=True)

Collection = Annotated[str | None, typer.Option("--collection", "-c", help="By default all; for add, `default`.")]
Document = Annotated[str, typer.Argument(help="Its name, or its id.")]


@documents_app.command("add")
def add_documents(
    paths: Annotated[list[str], typer.Argument(help="Files, folders of them, or - for standard input.")],
    name: Annotated[str | None, typer.Option(help="What to call the one file, or standard input.")] = None,
    collection: Collection = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Store texts (.txt, .md, .html), each under its path; what has not changed costs nothing.

    A file is called by its name, a file in a folder by its path from there.
    """
    from cli.client import reach
    from cli.documents import add

    asyncio.run(add(reach(url, key), paths, name=name, collection=collection, as_json=as_json))


@documents_app.command("list")
def list_documents(collection: Collection = None, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """List the stored documents."""
    from cli.client import reach
    from cli.documents import list_all

    asyncio.run(list_all(reach(url, key), collection, as_json=as_json))


@documents_app.command("show")
def show_document(
    document: Document, collection: Collection = None, url: Url = None, key: Key = None, as_json: Json = False
) -> None:
    """Print a document's text."""
    from cli.client import reach
    from cli.documents import show

    asyncio.run(show(reach(url, key), document, collection, as_json=as_json))


@documents_app.command("search")
def search_documents(
    query: Annotated[str, typer.Argument(help="What is to be found out.")],
    collection: Collection = None,
    limit: Annotated[int, typer.Option(help="How many passages.")] = 8,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Find passages, as the tool `retrieve` does."""
    from cli.client import reach
    from cli.documents import search

    asyncio.run(search(reach(url, key), query, collection, limit, as_json=as_json))


@documents_app.command("remove")
def remove_document(document: Document, collection: Collection = None, url: Url = None, key: Key = None) -> None:
    """Remove a document for good."""
    from cli.client import reach
    from cli.documents import remove

    asyncio.run(remove(reach(url, key), document, collection))
