"""`/api/policies` over a real database: what is in force, what is refused and where, and who sees it."""

import json

import httpx2
import pytest
import yaml
from sqlalchemy import text

from contracts.policies import Policy
from domain.policies.writing import dumped, json_schema
from tests.policies.conftest import YAML, Governed, places

pytestmark = pytest.mark.real

CHEAP = "routing_rules:\n  strategy: cost # for now\n"


async def test_without_any_policy_the_defaults_are_in_force(governed: Governed) -> None:
    shown = await governed.get()
    assert shown["policy"] == dumped(Policy())
    assert (shown["workspace"], shown["file"], shown["problems"], shown["warnings"]) == (None, None, [], [])


async def test_a_policy_is_put_in_force_here_and_in_other_processes(governed: Governed) -> None:
    answer = await governed.put(CHEAP)
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    made = answer.json()
    assert (made["number"], made["new"]) == (1, True)
    shown = await governed.get()
    assert shown["version"] == made["version"]
    assert shown["policy"]["routing_rules"]["strategy"] == "cost"
    assert shown["workspace"]["source"] == CHEAP
    assert shown["workspace"]["document"] == {"routing_rules": {"strategy": "cost"}}
    assert shown["workspace"]["author"] == governed.opened.key[:12]
    async with governed.elsewhere.http() as http:
        assert (await http.get("/api/policies")).json()["version"] == made["version"]


async def test_the_same_text_again_makes_no_version(governed: Governed) -> None:
    first = await governed.put(CHEAP)
    again = await governed.put(CHEAP)
    assert (again.status_code, again.json()) == (200, {**first.json(), "new": False})
    assert [one["number"] for one in (await governed.get("/versions"))["data"]] == [1]


async def test_json_is_taken_and_yaml_is_given(governed: Governed) -> None:
    said = {"limits": {"idle": 7}, "user_tiers": {"gold \U0001f947": {"tags": ["no"]}}}
    async with governed.opened.http() as http:
        assert (await http.put("/api/policies", json=said)).status_code == 201
        answer = await http.get("/api/policies", headers={"Accept": "application/yaml"})
        assert answer.headers["content-type"].startswith("application/yaml")
        shown = yaml.safe_load(answer.text)
        assert shown["limits"]["idle"] == 7
        assert shown["user_tiers"]["gold \U0001f947"]["tags"] == ["no"]
        # What was given may be sent back as it came.
        assert (await http.put("/api/policies", content=answer.content, headers=YAML)).status_code == 201
        version = answer.headers["x-perdure-policy-version"]
        assert (await http.get("/api/policies")).json()["version"] == version


async def test_a_change_in_between_is_not_overwritten(governed: Governed) -> None:
    assert (await governed.put(CHEAP, If_Match='"0"')).status_code == 201
    theirs = await governed.put("limits: {idle: 1}", If_Match='"1"')
    assert (theirs.status_code, theirs.headers["etag"]) == (201, '"2"')
    stale = await governed.put("limits: {idle: 2}", If_Match='"1"')
    assert stale.status_code == 412
    shown = stale.json()
    assert (shown["kind"], shown["field"], shown["version_number"]) == ("conflict", "If-Match", "2")
    assert "somebody else changed it" in shown["detail"]
    assert (await governed.get())["policy"]["limits"]["idle"] == 1
    assert (await governed.put("limits: {idle: 2}", If_Match='W/"2"')).status_code == 201
    assert (await governed.put("limits: {idle: 3}", If_Match="*")).status_code == 201
    for wrong in ("three", '"-1"', '"99999999999999999999"', '""'):
        refused = await governed.put("limits: {idle: 4}", If_Match=wrong)
        assert (refused.status_code, refused.json()["field"]) == (400, "If-Match"), wrong


async def test_all_that_is_wrong_has_line_column_and_field(governed: Governed) -> None:
    answer = await governed.put(
        "routing_rules:\n"
        "  strategy: cheapest\n"
        "  weights: {cost: -1}\n"
        "  fallback_chains:\n"
        "    sim:sim-fast: [sim:sim-echo]\n"
        "    sim:sim-echo: [sim:sim-fast]\n"
        "limits: {idel: 1}\n"
    )
    assert places(answer) == [
        (2, 13, "routing_rules.strategy"),
        (3, 19, "routing_rules.weights.cost"),
        (6, 5, "routing_rules.fallback_chains.sim:sim-echo"),
        (7, 10, "limits.idel"),
    ]
    shown = answer.json()
    said = [one["message"] for one in shown["errors"]]
    assert "'cost'" in said[0]
    assert "greater than or equal to 0" in said[1]
    assert "the chain loops: sim:sim-fast -> sim:sim-echo -> sim:sim-fast" in said[2]
    assert "Did you mean idle?" in said[3]
    assert shown["detail"].startswith("line 2, column 13: routing_rules.strategy: ")
    assert "There are 4 errors" in shown["detail"]
    assert (await governed.get("/versions"))["data"] == []


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", (None, None, "")),
        (b"[1, 2]", (1, 1, "")),
        (b"limits: [", (1, 10, "")),
        (b"a: \xff", (1, 4, "")),
        (b"limits: {}\nlimits: {}", (2, 1, "")),
        (b'{"limits": {"idle": NaN}}', (1, 21, "limits.idle")),
        (b"limits: {idle: .inf}", (1, 16, "")),
        (b"limits: {idle: !!float 1}", (1, 16, "")),
        (b"models: {sim-fast: {}}", (1, 10, "models.sim-fast")),
        (b"x: \x00", (1, 4, "")),
    ],
    ids=range(10),
)
async def test_bad_input_changes_nothing(governed: Governed, body: bytes, place: object) -> None:
    assert places(await governed.put(body)) == [place]
    assert (await governed.get())["workspace"] is None


async def test_a_body_beyond_the_limit_is_refused(governed: Governed) -> None:
    answer = await governed.put("#" * 100_001)
    assert answer.status_code == 413


async def test_a_model_that_nobody_knows_is_a_warning(governed: Governed) -> None:
    answer = await governed.put("routing_rules:\n  default_model: openai:gpt-4o-minj\n  fallback_chain: [elephant]\n")
    assert answer.status_code == 201
    warnings = answer.json()["warnings"]
    assert [(one["line"], one["column"], one["field"], one["severity"]) for one in warnings] == [
        (2, 18, "routing_rules.default_model", "warning"),
        (3, 20, "routing_rules.fallback_chain.0", "warning"),
    ]
    assert "openai:gpt-4o-mini" in warnings[0]["message"]
    assert [one["field"] for one in (await governed.get())["warnings"]] == [one["field"] for one in warnings]


async def test_checking_changes_nothing(governed: Governed) -> None:
    async with governed.opened.http() as http:
        wrong = (await http.post("/api/policies/check", content="limits: {idel: 1}", headers=YAML)).json()
        right = (await http.post("/api/policies/check", content=CHEAP, headers=YAML)).json()
    assert (wrong["valid"], wrong["version"]) == (False, None)
    assert [(one["line"], one["column"], one["field"]) for one in wrong["problems"]] == [(1, 10, "limits.idel")]
    assert (right["valid"], right["problems"]) == (True, [])
    assert (await governed.get("/versions"))["data"] == []
    assert (await governed.put(CHEAP)).json()["version"] == right["version"]


async def test_versions_are_kept_as_they_were_sent(governed: Governed) -> None:
    texts = [CHEAP, "limits: {idle: 1}", "limits: {idle: 2}"]
    for said in texts:
        await governed.put(said)
    page = await governed.get("/versions", limit=2)
    assert [one["number"] for one in page["data"]] == [3, 2]
    assert all(len(one["digest"]) == 64 for one in page["data"])
    rest = await governed.get("/versions", limit=2, cursor=page["next_cursor"])
    assert ([one["number"] for one in rest["data"]], rest["next_cursor"]) == ([1], None)
    for number, said in enumerate(texts, 1):
        assert (await governed.get(f"/versions/{number}"))["source"] == said
    async with governed.opened.http() as http:
        for number in ("4", "x", "-1", "99999999999999999999", "2147483648"):
            assert (await http.get(f"/api/policies/versions/{number}")).status_code == 404, number
        assert (await http.get("/api/policies/versions?cursor=x")).status_code == 400


async def test_the_schema_is_for_editors(governed: Governed) -> None:
    assert await governed.get("/schema") == json.loads(json.dumps(json_schema()))


async def test_other_workspaces_see_and_feel_nothing_of_it(governed: Governed) -> None:
    await governed.put(CHEAP)
    async with governed.opened.http(governed.opened.stranger) as theirs:
        shown = (await theirs.get("/api/policies")).json()
        assert (shown["workspace"], shown["policy"]) == (None, dumped(Policy()))
        assert (await theirs.get("/api/policies/versions")).json()["data"] == []
        assert (await theirs.get("/api/policies/versions/1")).status_code == 404
        # Theirs counts from 1, whatever others have.
        made = await theirs.put("/api/policies", content="limits: {idle: 9}", headers={**YAML, "If-Match": '"0"'})
        assert (made.status_code, made.json()["number"]) == (201, 1)
    assert (await governed.get())["policy"]["limits"]["idle"] is None


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PUT", ""), ("POST", "/check"), ("GET", "/schema"), ("GET", "/versions"), ("GET", "/versions/1")],
    ids=range(6),
)
async def test_without_a_key_the_door_is_shut(governed: Governed, method: str, path: str) -> None:
    async with httpx2.AsyncClient(base_url=governed.opened.url) as http:
        answer = await http.request(method, f"/api/policies{path}", content=b"" if method == "GET" else CHEAP.encode())
    assert (answer.status_code, answer.json()["kind"]) == (401, "access_denied")
    async with governed.opened.doors.database.begin() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM model_configurations"))).scalar_one() == 0
