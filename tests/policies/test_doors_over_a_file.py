"""`/api/policies` and `/readyz` where the deployment has a policy file: whole, broken, and at odds with a workspace."""

import httpx2
import pytest

from tests.policies.conftest import YAML, Governed, places, until

pytestmark = pytest.mark.real


async def test_the_file_is_the_base_and_what_is_put_is_checked_over_it(governed: Governed) -> None:
    governed.file.write_text('routing_rules: {fallback_chains: {"sim:sim-fast": ["sim:sim-echo"]}}\nlimits: {idle: 3}')
    await until(lambda: governed.policies.deployment.name is not None)
    loop = 'routing_rules:\n  fallback_chains: {"sim:sim-echo": ["sim:sim-fast"]}\n'
    assert places(await governed.put(loop)) == [(2, 21, "routing_rules.fallback_chains.sim:sim-echo")]
    async with governed.opened.http() as http:
        check = await http.post("/api/policies/check?alone=true", content=loop, headers=YAML)
    assert check.json()["valid"] is True
    await governed.put("limits: {step: 9}")
    shown = await governed.get()
    assert (shown["policy"]["limits"]["idle"], shown["policy"]["limits"]["step"]) == (3, 9)
    assert (shown["file"]["name"], shown["file"]["document"]["limits"]) == ("policies.yaml", {"idle": 3})


async def test_a_broken_file_is_told_and_the_process_stays_ready(governed: Governed) -> None:
    governed.file.write_text("limits: {idle: 3}")
    await until(lambda: governed.policies.deployment.name is not None)

    async def ready() -> tuple[int, str]:
        async with httpx2.AsyncClient(base_url=governed.opened.url) as http:
            answer = await http.get("/readyz")
            return answer.status_code, answer.json()["policies"]

    assert await ready() == (200, "ok")
    governed.file.write_text("limits: {idle: -3}\nsecret_word: 1\n")
    await until(lambda: bool(governed.policies.problems))
    # Whoever has no key learns that it is broken and not what it says.
    assert await ready() == (200, "the policy file is broken (errors: 2); the last good one is in force")
    shown = await governed.get()
    assert shown["policy"]["limits"]["idle"] == 3
    assert [(one["source"], one["line"], one["field"]) for one in shown["problems"]] == [
        ("policies.yaml", 1, "limits.idle"),
        ("policies.yaml", 2, "secret_word"),
    ]
    governed.file.write_text("limits: {idle: 4}")
    await until(lambda: not governed.policies.problems)
    assert await ready() == (200, "ok")
    assert (await governed.get())["policy"]["limits"]["idle"] == 4


async def test_what_is_wrong_with_one_workspaces_policy_is_not_shown_to_another(governed: Governed) -> None:
    await governed.put('routing_rules: {fallback_chains: {"sim:sim-echo": ["sim:sim-fast"]}}')
    governed.file.write_text('routing_rules: {fallback_chains: {"sim:sim-fast": ["sim:sim-echo"]}}')
    await until(lambda: bool(governed.policies.problems))
    assert ["loops" in one["message"] for one in (await governed.get())["problems"]] == [True]
    async with governed.opened.http(governed.opened.stranger) as theirs:
        assert (await theirs.get("/api/policies")).json()["problems"] == []
        ready = (await theirs.get("/readyz")).json()
    assert ready["policies"] == (
        "policies of workspaces do not fit the policy file (workspaces: 1); the last good one is in force"
    )
