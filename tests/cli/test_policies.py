"""`perdure policies` and the doctor's word on the file, as a person and as a script would use them."""

import json
from pathlib import Path

import pytest

from cli.exits import Exit
from domain.policies.writing import json_schema
from tests.cli.test_commands import perdure, reaching
from tests.fixtures.house import Running

pytestmark = pytest.mark.real

EXAMPLE = Path(__file__).parents[2] / "examples" / "policies.yaml"
WRONG = "routing_rules:\n  strategy: cheapest\n  wieghts: {}\n"


async def test_a_file_is_checked_without_a_server(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(WRONG)
    code, shown, told = await perdure("policies", "check", str(file))
    assert (code, shown) == (Exit.FAILED, "")
    assert f"error: {file}:2:13: routing_rules.strategy: " in told
    assert f"error: {file}:3:3: routing_rules.wieghts: there is no field 'wieghts' here. Did you mean weights?" in told
    code, shown, _ = await perdure("policies", "check", str(file), "--json")
    found = json.loads(shown)
    assert (code, found["valid"], [one["line"] for one in found["problems"]]) == (Exit.FAILED, False, [2, 3])
    code, shown, told = await perdure("policies", "check", "-", said="limits: {idle: 3}")
    assert (code, shown.startswith("- is valid: version "), told) == (Exit.OK, True, "")
    code, _, told = await perdure("policies", "check", str(tmp_path / "none.yaml"))
    assert (code, "none.yaml cannot be read: No such file" in told) == (Exit.USAGE, True)


async def test_the_example_names_models_that_there_are() -> None:
    keys = {"OPENAI_API_KEY": "x" * 20, "ANTHROPIC_API_KEY": "x" * 20, "GEMINI_API_KEY": "x" * 20}
    code, shown, _ = await perdure("policies", "check", str(EXAMPLE), "--json", **keys)
    assert (code, json.loads(shown)["valid"]) == (Exit.OK, True)
    code, _, told = await perdure(
        "policies", "check", "-", said="routing_rules: {default_model: openai:gpt-4o-minj}", **keys
    )
    assert code == Exit.OK
    assert "warning: -:1:32: routing_rules.default_model: " in told
    assert "openai:gpt-4o-mini" in told


async def test_the_schema_is_printed() -> None:
    code, shown, _ = await perdure("policies", "schema")
    assert (code, json.loads(shown)) == (Exit.OK, json.loads(json.dumps(json_schema())))


async def test_a_policy_is_applied_shown_and_taken_back(house: Running, tmp_path: Path) -> None:
    here = reaching(house)
    file = tmp_path / "p.yaml"
    file.write_text("limits: {idle: 7}  # for now\n")
    code, shown, told = await perdure("policies", "apply", str(file), "--if-number", "0", **here)
    assert code == Exit.OK, told
    assert shown.startswith("Version 1 is in force; the policy is now ")
    code, shown, _ = await perdure("policies", "apply", str(file), **here)
    assert (code, shown.startswith("Version 1 was in force already")) == (Exit.OK, True)
    code, shown, _ = await perdure("policies", "show", **here)
    assert shown.startswith("# in force: ")
    assert f"made of the workspace's version 1 by {house.key[:12]}" in shown
    assert "  idle: 7" in shown
    code, shown, told = await perdure("policies", "apply", "-", "--json", said="limits: {idle: 8}", **here)
    assert (code, json.loads(shown)["number"]) == (Exit.OK, 2), told

    code, _, told = await perdure("policies", "apply", "-", "--if-number", "1", said="limits: {idle: 9}", **here)
    assert (code, "somebody else changed it" in told) == (Exit.CONFLICT, True)
    code, _, told = await perdure("policies", "apply", "-", said=WRONG, **here)
    assert (code, "error: -:3:3: routing_rules.wieghts: " in told) == (Exit.FAILED, True)

    # Back to what was: the first version's text goes in again.
    _, first, _ = await perdure("policies", "show", "--number", "1", **here)
    assert first == file.read_text()
    code, shown, _ = await perdure("policies", "apply", "-", said=first, **here)
    assert (code, shown.startswith("Version 3 is in force")) == (Exit.OK, True)
    code, shown, _ = await perdure("policies", "versions", "--json", **here)
    found = json.loads(shown)
    assert [one["number"] for one in found] == [3, 2, 1]
    assert found[0]["digest"] == found[2]["digest"]
    code, shown, _ = await perdure("policies", "versions", **here)
    assert (code, house.key[:12] in shown) == (Exit.OK, True)
    code, _, told = await perdure("policies", "show", "--number", "9", **here)
    assert (code, "There is no version 9" in told) == (Exit.NOT_FOUND, True)


async def test_without_a_server_or_with_a_wrong_key_it_says_so(house: Running) -> None:
    code, _, told = await perdure(
        "policies", "apply", "-", said="{}", PERDURE_URL="http://127.0.0.1:9", PERDURE_API_KEY="k"
    )
    assert (code, "cannot be reached" in told) == (Exit.UNREACHABLE, True)
    code, _, _ = await perdure("policies", "apply", "-", said="{}", **{**reaching(house), "PERDURE_API_KEY": "wrong"})
    assert code == Exit.UNAUTHORISED


async def test_the_doctor_reads_the_policy_file(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    here = {"PERDURE_POLICIES_FILE": str(file), "PERDURE_DATA_DIR": str(tmp_path / "data")}

    async def said() -> tuple[str, str]:
        _, raw, _ = await perdure("doctor", "--json", **here)
        found = {one["part"]: one for one in json.loads(raw)}
        return found["policies"]["verdict"], found["policies"]["found"]

    verdict, found = await said()
    assert (verdict, "there is no" in found) == ("wrong", True)
    file.write_text("limits: {idle: 3}")
    verdict, found = await said()
    assert (verdict, str(file) in found, ", version " in found) == ("ok", True, True)
    file.write_text(WRONG)
    verdict, found = await said()
    assert (verdict, "p.yaml:2:13: routing_rules.strategy" in found, "(and 1 more)" in found) == ("wrong", True, True)
