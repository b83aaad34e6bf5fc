"""The perdure command, as a person and as a script would use it, against a running house."""

import asyncio
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cli.exits import Exit
from tests.fixtures.forked import Forked
from tests.fixtures.house import Running

pytestmark = pytest.mark.real


async def perdure(*words: str, said: str = "", **environment: str) -> tuple[int, str, str]:
    """Run the command; its exit code, what it printed and what it complained of."""
    inherited = {name: value for name, value in os.environ.items() if "PERDURE" not in name}
    with TemporaryDirectory(prefix="perdure-command-") as folder:
        given, out, err = (Path(folder) / name for name in ("in", "out", "err"))
        given.write_text(said)
        process = Forked("cli", *words, environment={**inherited, **environment}, out=out, err=err, said=given)
        try:
            code = await asyncio.to_thread(process.wait, 60)
        finally:
            process.kill()
        return code, out.read_text(), err.read_text()


def reaching(house: Running) -> dict[str, str]:
    return {"PERDURE_URL": house.url, "PERDURE_API_KEY": house.key}


async def new_turn(house: Running, model: str = "sim:sim-fast") -> str:
    async with house.http() as http:
        answer = await http.post("/api/turns?wait=30", json={"model": model, "content": "hello"})
    return str(answer.json()["id"])


async def test_a_turn_is_explained(house: Running) -> None:
    turn_id = await new_turn(house)
    code, shown, _ = await perdure("turn", "show", turn_id, **reaching(house))
    assert code == Exit.OK
    assert "completed" in shown
    assert "Simulated answer" in shown
    code, raw, _ = await perdure("turn", "show", turn_id, "--json", **reaching(house))
    assert json.loads(raw)["attempts"][0]["state"] == "completed"


async def test_exit_codes_mean_something(house: Running, tmp_path: Path) -> None:
    missing, _, told = await perdure("turn", "show", "01900000-0000-7000-8000-000000000000", **reaching(house))
    assert (missing, "There is no turn" in told) == (Exit.NOT_FOUND, True)
    wrong, _, _ = await perdure("turn", "show", "x", **{**reaching(house), "PERDURE_API_KEY": "wrong"})
    assert wrong == Exit.UNAUTHORISED
    nowhere, _, told = await perdure("turn", "show", "x", PERDURE_DATA_DIR=str(tmp_path))
    assert (nowhere, "No server is known" in told) == (Exit.UNREACHABLE, True)
    away, _, _ = await perdure("turn", "show", "x", PERDURE_URL="http://127.0.0.1:9", PERDURE_API_KEY="k")
    assert away == Exit.UNREACHABLE
    setting, _, told = await perdure("worker", PERDURE_API_PORT="elephant")
    assert (setting, "api_port" in told) == (Exit.USAGE, True)


async def test_keys_are_made_shown_once_and_revoked(house: Running) -> None:
    database = house.house.settings.database_url
    assert database is not None
    here = {"PERDURE_DATABASE_URL": database.get_secret_value()}
    _, raw, _ = await perdure("keys", "create", "ci", "--json", **here)
    made = json.loads(raw)
    _, raw, _ = await perdure("keys", "list", "--json", **here)
    assert made["prefix"] in [key["prefix"] for key in json.loads(raw)]
    assert made["key"] not in raw
    other = Running(house.url, made["key"], house.house, house.simulator)
    assert (await perdure("turn", "show", await new_turn(other), **reaching(other)))[0] == Exit.OK
    code, _, _ = await perdure("keys", "revoke", made["prefix"], **here)
    assert code == Exit.OK
    assert (await perdure("keys", "revoke", "pdr_nothing", **here))[0] == Exit.NOT_FOUND


async def test_a_chat_at_the_terminal(house: Running) -> None:
    said = "Hello\n/model sim:sim-echo\nand this\n/history\n/quit\n"
    code, shown, complaint = await perdure("chat", "--model", "sim:sim-fast", said=said, **reaching(house))
    assert code == Exit.OK, complaint
    assert "Simulated answer" in shown
    assert "and this" in shown
    assert "perdure chat --conversation" in shown


async def test_recent_turns_and_steps_replay(house: Running) -> None:
    turn_id = await new_turn(house)
    async with house.http() as http:
        body = {"prompt": "Hi", "model": "sim:sim-fast", "wait": 30}
        step = (await http.post("/api/steps", json=body)).raise_for_status().json()
    wanted = {f"turn/{turn_id}", f"ai-step/{step['id']}"}
    async with asyncio.timeout(30):
        # Temporal lists a workflow a moment after it has begun.
        while True:
            code, raw, complaint = await perdure("replay", "--recent", "3", "--json")
            assert code == Exit.OK, complaint
            told = json.loads(raw)
            assert [one["problem"] for one in told] == [None] * len(told)
            if {one["name"] for one in told} >= wanted:
                return


async def test_the_doctor_finds_what_is_wrong(house: Running, tmp_path: Path) -> None:
    database = house.house.settings.database_url
    assert database is not None
    here = {"PERDURE_DATABASE_URL": database.get_secret_value(), "PERDURE_DATA_DIR": str(tmp_path)}
    code, raw, _ = await perdure("doctor", "--json", **here)
    verdicts = {finding["part"]: finding["verdict"] for finding in json.loads(raw)}
    assert (code, verdicts["database"], verdicts["temporal"]) == (Exit.OK, "ok", "ok")
    wrong = {**here, "PERDURE_DATABASE_URL": "postgresql://nobody:x@127.0.0.1:9/none", "OPENAI_API_KEY": "bad-key-1234"}
    wrong["OPENAI_BASE_URL"] = house.simulator.openai_url.replace("/openai/v1", "/nowhere")
    code, raw, _ = await perdure("doctor", "--json", **wrong)
    verdicts = {finding["part"]: finding["verdict"] for finding in json.loads(raw)}
    assert (code, verdicts["database"], verdicts["openai"]) == (Exit.FAILED, "wrong", "wrong")
    assert "bad-key" not in raw


async def test_the_doctor_asks_every_provider(house: Running, tmp_path: Path) -> None:
    database = house.house.settings.database_url
    assert database is not None
    here = {"PERDURE_DATABASE_URL": database.get_secret_value(), "PERDURE_DATA_DIR": str(tmp_path)}
    stanzas = [{"name": "groq", "base_url": house.simulator.openai_url}, {"name": "mistral"}]
    here |= {"PERDURE_PROVIDERS": json.dumps(stanzas), "GROQ_API_KEY": "gsk_0123456789abcdef", "MISTRAL_API_KEY": ""}
    code, raw, _ = await perdure("doctor", "--json", **here)
    found = {finding["part"]: finding for finding in json.loads(raw)}
    assert (code, found["groq"]["verdict"], found["mistral"]["verdict"]) == (Exit.FAILED, "ok", "wrong")
    assert "groq with key …cdef answers" in found["groq"]["found"]
    assert "set MISTRAL_API_KEY" in found["mistral"]["found"]
    credentials = [
        {"name": "first", "api_key": "gsk_0123456789abcdef"},
        {"name": "second", "base_url": "http://127.0.0.1:9"},
    ]
    several = [{"name": "groq", "base_url": house.simulator.openai_url, "credentials": credentials}]
    code, raw, _ = await perdure("doctor", "--json", **{**here, "PERDURE_PROVIDERS": json.dumps(several)})
    verdicts = {finding["part"]: finding["verdict"] for finding in json.loads(raw)}
    assert (verdicts["groq/first"], verdicts["groq/second"]) == ("ok", "wrong")
    code, _, complaint = await perdure("doctor", **{**here, "PERDURE_PROVIDERS": '[{"name": "azure"}]'})
    assert (code, "base_url is needed" in complaint) == (Exit.USAGE, True)


async def test_tools_are_listed_without_a_server(tmp_path: Path) -> None:
    code, raw, _ = await perdure("tools", "check", "--json", PERDURE_DATA_DIR=str(tmp_path))
    names = [tool["name"] for tool in json.loads(raw)["tools"]]
    assert (code, names) == (Exit.OK, sorted(names))
    assert names == ["calculator", "date_time", "retrieve"]
    missing = tmp_path / "tools.yaml"
    missing.write_text("sql: 3")
    code, _, told = await perdure("tools", "check", str(missing))
    assert (code, "sql" in told) == (Exit.FAILED, True)
