"""Documents are stored, found by words and by meaning, and seen by nobody else."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text as sql

from activities.retrieving import StoredPassages
from contracts.documents import DocumentQuery
from contracts.keys import KeyScope
from contracts.tools import ToolOutcome
from storage import audit
from storage.vectors import VectorSearch
from tests.documents.conftest import Shelf, Shelves
from tests.tools.calls import done, use
from tools.retrieval import RetrieveTool

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

HANDBOOK = {
    "leave.md": "# Leave\n\nEverybody may take 30 days of holiday a year. Ask your lead two weeks ahead.\n",
    "travel.md": "# Travel\n\nTrains are booked by the office. Flights need the consent of a director.\n",
    "laptops.md": "# Equipment\n\nEvery laptop has the inventory code PX-4471 on its lid. Report losses at once.\n",
    "cooking.md": "# Kitchen\n\nPut the dishes into the dishwasher; the last one to leave starts it.\n",
}


@pytest_asyncio.fixture(loop_scope="module")
async def handbook(shelf: Shelf) -> Shelf:
    for name, text in HANDBOOK.items():
        await shelf.put(name, text, media_type="text/markdown", collection="handbook")
    return shelf


async def test_passages_are_found_by_meaning_and_by_words(handbook: Shelf) -> None:
    assert (await handbook.names("How much vacation do I get?"))[0] == "leave.md"
    assert (await handbook.names("PX-4471"))[0] == "laptops.md"
    assert (await handbook.names("who agrees to going by aeroplane"))[0] == "travel.md"
    found = await handbook.search("inventory code of a laptop", limit=2)
    assert found["ways"] == ["words", "meaning"]
    first, second = found["data"]
    assert (first["score"], first["ways"], first["heading"]) == (1, ["words", "meaning"], "Equipment")
    assert 0 < second["score"] < 1
    assert HANDBOOK[first["name"]][first["start"] :][: len(first["text"])] == first["text"]


async def test_the_same_text_costs_nothing_and_another_replaces_it(shelf: Shelf) -> None:
    first = await shelf.put("a", "Cats sleep a lot.", metadata={"of": "cats"})
    assert (first["change"], first["passages"]) == ("created", 1)
    again = await shelf.put("a", "Cats sleep a lot.", metadata={"of": "cats"}, status=200)
    assert again == {**first, "change": "unchanged"}
    told = await shelf.put("a", "Cats sleep a lot.", metadata={"of": "pets"}, status=200)
    assert (told["id"], told["change"], told["metadata"]) == (first["id"], "replaced", {"of": "pets"})
    await shelf.put("a", "Dogs bark at night.", status=200)
    assert [one["text"] for one in (await shelf.search("animals"))["data"]] == ["Dogs bark at night."]
    shown = await shelf.ask("GET", f"/api/documents/{first['id']}")
    assert (shown["text"], shown["characters"]) == ("Dogs bark at night.", 19)


async def test_many_puts_of_one_name_leave_one_document(shelf: Shelf) -> None:
    answers = []
    async with shelf.http() as http:
        body = [{"name": "a", "text": f"It is number {number}."} for number in range(8)]
        answers = await asyncio.gather(*(http.put("/api/documents", json=one) for one in body))
    assert {one.status_code for one in answers} <= {200, 201}
    assert len((await shelf.ask("GET", "/api/documents"))["data"]) == 1
    assert len((await shelf.search("number"))["data"]) == 1


async def test_collections_and_metadata_narrow_a_search(shelf: Shelf) -> None:
    await shelf.put("a", "Tea is grown in Assam.", collection="tea", metadata={"lang": "en", "year": 2024})
    await shelf.put("b", "Tea is drunk at five.", collection="tea", metadata={"lang": "en", "year": 2025})
    await shelf.put("a", "Coffee is grown in Kenya.", collection="coffee")
    assert set(await shelf.names("what is grown where")) == {"a", "b"}
    assert await shelf.names("what is grown where", collection="coffee") == ["a"]
    assert await shelf.names("tea", metadata={"year": 2025}) == ["b"]
    assert await shelf.names("tea", metadata={"year": 1999}) == []
    listed = await shelf.ask("GET", "/api/documents?limit=2")
    assert [(one["collection"], one["name"]) for one in listed["data"]] == [("coffee", "a"), ("tea", "a")]
    rest = await shelf.ask("GET", f"/api/documents?limit=2&cursor={listed['next_cursor']}")
    assert [(one["collection"], one["name"]) for one in rest["data"]] == [("tea", "b")]
    assert rest["next_cursor"] is None
    named = await shelf.ask("GET", "/api/documents?name=a&collection=tea")
    assert [one["metadata"]["year"] for one in named["data"]] == [2024]


async def test_a_text_may_be_sent_as_it_is(shelf: Shelf) -> None:
    page = "<title>Otters</title><h2>Food</h2><p>Otters eat fish &amp; crabs.</p><script>steal()</script>"
    async with shelf.http() as http:
        path = "/api/documents?name=otters.html&collection=web"
        sent = await http.put(path, content=page, headers={"Content-Type": "text/html; charset=utf-8"})
        assert (sent.status_code, sent.json()["title"]) == (201, "Otters")
        other = await http.put("/api/documents?name=a", content="a", headers={"Content-Type": "text/csv"})
        nameless = await http.put("/api/documents", content="a", headers={"Content-Type": "text/plain"})
        twice = await http.put("/api/documents?name=a", json={"name": "a", "text": "b"})
        torn = await http.put("/api/documents?name=a", content=b"\xff", headers={"Content-Type": "text/plain"})
        nul = await http.put("/api/documents?name=a", content=b"a\0", headers={"Content-Type": "text/plain"})
    assert [one.json()["field"] for one in (other, nameless, twice, torn, nul)] == [
        "media_type",
        "name",
        "name",
        "text",
        "text",
    ]
    (found,) = (await shelf.search("what do otters eat"))["data"]
    assert (found["heading"], found["text"]) == ("Food", "## Food\n\nOtters eat fish & crabs.")


async def test_a_workspace_sees_only_its_own(shelves: Shelves, handbook: Shelf) -> None:
    other = await shelves.workspace()
    mine = (await handbook.ask("GET", "/api/documents"))["data"][0]["id"]
    assert (await other.search("holiday"))["data"] == []
    assert (await other.ask("GET", "/api/documents"))["data"] == []
    await other.ask("GET", f"/api/documents/{mine}", status=404)
    await other.ask("DELETE", f"/api/documents/{mine}", status=404)
    await other.put("leave.md", "Nobody gets any holiday.", collection="handbook")
    assert len(await handbook.names("holiday", limit=50)) == 4
    assert "Nobody" not in str(await handbook.search("holiday", limit=50))


async def test_who_may_look_and_who_may_store(shelves: Shelves) -> None:
    looks = await shelves.workspace(KeyScope.READ)
    refused = await looks.put("a", "b", status=403)
    assert refused["needed"] == "ask"
    assert (await looks.search("a"))["data"] == []
    await looks.ask("DELETE", "/api/documents/0198c0de-0000-7000-8000-000000000001", status=403)
    asks = await shelves.workspace(KeyScope.ASK)
    stored = await asks.put("a", "b")
    await asks.ask("DELETE", f"/api/documents/{stored['id']}", status=204)
    assert (await asks.search("b"))["data"] == []


async def test_limits_are_said(shelves: Shelves) -> None:
    small = await shelves.workspace(bytes=1_000, documents=2, passages=3)
    large = await small.put("a", "é" * 600, status=400)
    assert large["detail"] == (
        "The text has 1,200 bytes; a document may have 1,000. Divide it, or raise PERDURE_MAX_DOCUMENT_BYTES."
    )
    await small.put("a", "One.")
    headed = "\n\n".join(f"# {number}\n\nText." for number in range(3))
    full = await small.put("b", headed, media_type="text/markdown", status=409)
    assert "would have 4 passages; it may keep 3" in full["detail"]
    assert "PERDURE_MAX_PASSAGES" in full["detail"]
    await small.put("b", "Two.")
    many = await small.put("c", "Three.", status=409)
    assert "would have 3 documents; it may keep 2" in many["detail"]
    await small.put("b", "Another two.", status=200)
    empty = await small.put("d", " \n", status=400)
    assert empty["field"] == "text"


async def test_hostile_words_are_only_words(handbook: Shelf) -> None:
    for query in (
        "' | !x & (",
        "\\' \\",
        "a:*b <-> c",
        "%s $1 :name",
        "--; DROP TABLE passages",
        "the of and",
        "🙂",
        "x" * 2_000,
    ):
        assert len((await handbook.search(query))["data"]) == 4
    assert (await handbook.names("C:\\Users\\it's PX-4471"))[0] == "laptops.md"
    await handbook.ask("POST", "/api/documents/search", {"query": "x" * 2_001}, status=400)


async def test_without_pgvector_words_alone_are_looked_for(shelves: Shelves, handbook: Shelf) -> None:
    class Absent(VectorSearch):
        async def found(self) -> None:
            return None

    alone = StoredPassages(shelves.database, Absent(shelves.database))
    asked = DocumentQuery(workspace_id=handbook.workspace_id, query="holiday and a laptop")
    found = await alone.retrieve(asked)
    assert found.ways == ("words",)
    assert {one.name for one in found.passages} == {"leave.md", "laptops.md"}
    assert found.passages[0].score == 1
    assert (await alone.retrieve(asked.model_copy(update={"query": "aeroplane"}))).passages == ()


async def test_a_server_that_refuses_the_extension_is_searched_by_words(
    shelves: Shelves, handbook: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shelves.database.begin() as connection:
        await connection.execute(sql("DROP EXTENSION IF EXISTS vector"))
    refused = sql("CREATE EXTENSION vector SCHEMA nowhere")
    with monkeypatch.context() as patch:
        patch.setattr("storage.vectors._CREATE", refused)
        looked = VectorSearch(shelves.database)
        assert await looked.found() is None
        assert await looked.found() is None
    # It lies elsewhere than in the schemas that are looked through.
    async with shelves.database.begin() as connection:
        await connection.execute(sql('CREATE SCHEMA "Of Others"'))
        await connection.execute(sql('CREATE EXTENSION vector SCHEMA "Of Others"'))
    found = await StoredPassages(shelves.database, VectorSearch(shelves.database)).retrieve(
        DocumentQuery(workspace_id=handbook.workspace_id, query="vacation")
    )
    assert (found.ways, found.passages[0].name) == (("words", "meaning"), "leave.md")


async def test_the_tool_tells_where_it_was_found(shelves: Shelves, handbook: Shelf) -> None:
    tool = RetrieveTool(StoredPassages(shelves.database, VectorSearch(shelves.database)))
    assert tool.definition.effects.retry == "safe"
    found = await done(tool, workspace=handbook.workspace_id, query="days of holiday", limit=1)
    (passage,) = found["passages"]
    assert passage == {
        "document": "leave.md",
        "collection": "handbook",
        "title": None,
        "heading": "Leave",
        "position": 0,
        "text": HANDBOOK["leave.md"],
        "score": 1,
    }
    said = await use(tool, workspace=handbook.workspace_id, query="days of holiday", limit=1)
    assert "[1] leave.md, Leave, passage 1, score 1.00" in str(said.content)
    nothing = await use(tool, query="days of holiday")
    assert (nothing.outcome, nothing.data) == (ToolOutcome.OK, {"passages": []})
    elsewhere = await done(tool, workspace=handbook.workspace_id, query="holiday", collection="none")
    assert elsewhere == {"passages": []}
    several = await done(tool, workspace=handbook.workspace_id, query="holiday", collections=["none", "handbook"])
    assert len(several["passages"]) == 4


async def test_what_is_done_is_recorded_without_its_words(shelves: Shelves, shelf: Shelf) -> None:
    stored = await shelf.put("secret-name", "A secret text.")
    await shelf.ask("DELETE", f"/api/documents/{stored['id']}", status=204)
    async with shelves.database.begin() as connection:
        told: list[Any] = await audit.of_subject(connection, UUID(stored["id"]), workspace_id=shelf.workspace_id)
    assert [(action, detail) for _, _, action, detail in told] == [
        ("document.stored", {"passages": 1}),
        ("document.removed", {"passages": 1}),
    ]
    assert "secret" not in str(told)
