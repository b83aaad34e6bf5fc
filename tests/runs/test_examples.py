"""The examples run to their ends: whole house, simulated vendors."""

from pathlib import Path
from typing import Any

import pytest

from tests.runs.acting import Runs, states

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

EXAMPLES = Path(__file__).parents[2] / "examples"


async def store(runs: Runs, name: str) -> dict[str, Any]:
    return await runs.store((EXAMPLES / f"{name}.yaml").read_text())


async def test_content_creation(runs: Runs) -> None:
    stored = await store(runs, "content-creation")
    assert (stored["number"], stored["new"]) == (1, True)
    assert stored["bound"]["total"]["model_calls"] == 20
    run = await runs.completed(await runs.start("content-creation", {"topic": "tea"}))
    assert run["output"].keys() == {"article", "title", "score"}
    assert set(states(run).values()) == {"completed"}
    assert (run["turns"], run["calls"]) == (4, 4)
    assert run["version"] == stored["version"]
    written = await runs.step(run["id"], "write")
    (turn,) = written["turns"]
    shown = (await runs.http.get(f"/api/turns/{turn['id']}")).json()
    assert shown["state"] == "completed"
    outline = (await runs.step(run["id"], "outline"))["output"]["result"]
    assert written["output"]["result"] == "".join(part["text"] for part in shown["message"]["parts"])
    assert outline


async def test_support_triage(runs: Runs) -> None:
    await store(runs, "support-triage")
    run_id = await runs.start("support-triage", {"message": "It burns!"})
    waiting = await runs.awaits(run_id, "urgent_check")
    assert waiting["waiting"][0]["who"] == ["group:support"]
    shown = await runs.step(run_id, "urgent_check")
    assert shown["awaits"]["show"]["from"] == "unknown"
    refused = await runs.act(run_id, "approve", {"user": "somebody"}, status=403)
    assert refused["detail"] == "This is for group:support to decide, and not for the user 'somebody'."
    decision = {"value": "We are coming.", "comment": "as always", "user": "Ada", "groups": ["support"]}
    await runs.act(run_id, "approve", decision)
    run = await runs.completed(run_id)
    assert run["output"] == {"urgency": "high", "way": "people", "reply": "We are coming."}
    assert states(run)["normal_reply"] == "skipped"
    assert states(run)["unsorted"] == "skipped"


async def test_document_extraction(runs: Runs, files: Path) -> None:
    folder = files / str(await runs.workspace()) / "invoices"
    folder.mkdir(parents=True)
    for number in (1, 2, 3):
        (folder / f"{number}.txt").write_text(f"Invoice {number}: {number}0 EUR")
        said = {"text": f'{{"number": "{number}", "date": null, "amount": {number}0}}'}
        runs.house.simulator.scenario(said, match={"contains": f"Invoice {number}:"})
    (folder / "notes.md").write_text("not an invoice")
    await store(runs, "document-extraction")
    run = await runs.completed(await runs.start("document-extraction"))
    assert (run["output"]["count"], run["output"]["total"], run["output"]["failed"]) == (3, 60, [])
    assert run["output"]["rows"][1] == {"path": "invoices/2.txt", "number": "2", "amount": 20}
    assert run["calls"] == 3


async def test_code_review(runs: Runs) -> None:
    await store(runs, "code-review")
    run = await runs.completed(await runs.start("code-review", {"diff": "-a\n+b", "rules": ["be kind"]}))
    assert run["output"]["verdict"] == "approve"
    assert run["output"]["report"].startswith("Verdict: approve")
    panel = await runs.step(run["id"], "panel")
    threads = [one["thread"] for one in panel["turns"]]
    assert (set(threads[:3]), threads[3:]) == ({"correctness", "security", "clarity"}, ["judge"])
    assert panel["output"]["members"].keys() == {"correctness", "security", "clarity"}


async def test_long_research(runs: Runs) -> None:
    text = (EXAMPLES / "long-research.yaml").read_text().replace("duration: 1d", "duration: 0.2s")
    stored = await runs.store(text)
    assert not [one for one in stored["warnings"] if "retrieve" in one["message"]]
    document = {"name": "tea.md", "media_type": "text/markdown", "text": "# Tea\n\nTea comes from Yunnan, they say."}
    (await runs.http.put("/api/documents", json=document)).raise_for_status()
    call = {"name": "retrieve", "arguments": {"query": "Where does tea come from?", "limit": 3}}
    runs.house.simulator.scenario({"tool_calls": [call]}, match={"contains": "Find out: Where?"}, times=1)
    run_id = await runs.start("long-research", {"question": "What is tea, really?"})
    await runs.awaits(run_id, "agreed")
    await runs.act(run_id, "approve", {"value": ["Where?", "When?", "Why?"], "user": "owner"})
    run = await runs.completed(run_id)
    assert run["output"]["rounds"] >= 1
    assert run["output"]["report"]
    study = await runs.step(run_id, "study")
    assert study["output"]["met"] == run["output"]["complete"]
    assert (await runs.step(run_id, "look.1.2"))["state"] == "completed"
    looked = await runs.step(run_id, "look.1.0")
    assert len(looked["turns"]) == 2
    assert "the tool returned [1] tea.md, Tea, passage 1" in looked["output"]["result"]
    read = await runs.step(run_id, "read.1")
    assert [one["result"]["question"] for one in read["items"]] == ["Where?", "When?", "Why?"]
