"""The policy file, changed while a process follows it."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from contracts.policies import Policy
from domain.policies.writing import version_of
from tests.policies.conftest import Deployment, idle, until
from tests.policies.written import replace_file
from workers.policies.live import PolicyFileError

pytestmark = pytest.mark.real


def write_over(path: Path, text: str) -> None:
    path.write_text(text)


def write_by_link(path: Path, text: str) -> None:
    """As Kubernetes shows a ConfigMap: the file is a link to a link to a folder, and that link is exchanged."""
    count = len(list(path.parent.glob("..*")))
    folder = path.parent / f"..{count}"
    folder.mkdir()
    (folder / path.name).write_text(text)
    fresh = path.parent / "..fresh"
    fresh.symlink_to(folder.name)
    os.replace(fresh, path.parent / "..data")
    if not path.exists():
        path.symlink_to(f"..data/{path.name}")


@pytest.mark.parametrize(
    "write", [write_over, replace_file, write_by_link], ids=["written over", "renamed into place", "linked anew"]
)
async def test_a_good_file_comes_into_force_a_broken_one_does_not_and_a_mended_one_does(
    deployment: Deployment, write: Callable[[Path, str], None]
) -> None:
    path, workspace = deployment.file, deployment.workspace_id
    write(path, "limits: {idle: 1}")
    live = await deployment.process()
    first = live.effective(workspace)
    assert first.policy.limits.idle == 1
    assert first.version == version_of(first.policy)
    with capture_logs() as logs:
        write(path, "limits: {idle: 2}")
        await until(lambda: idle(live, workspace) == 2)
        second = live.effective(workspace)
        assert second.version != first.version
        assert live.deployment.name == "policies.yaml"
        # What a turn holds is not changed under it.
        assert first.policy.limits.idle == 1

        write(path, "limits:\n  idle: -1\n  idel: 3\n")
        await until(lambda: bool(live.problems))
        assert live.effective(workspace) is second
        assert [(one.line, one.column, one.field) for one in live.problems] == [
            (2, 9, "limits.idle"),
            (3, 3, "limits.idel"),
        ]

        write(path, "limits: {idle: 3}")
        await until(lambda: idle(live, workspace) == 3)
        assert live.problems == ()
    said = [(one["log_level"], one["event"]) for one in logs]
    assert said == [
        ("info", "the policy file is in force"),
        ("error", "the policy file is not in force; the last good one stays"),
        ("info", "the policy file is in force"),
    ]
    assert logs[1]["problems"][1].startswith("policies.yaml:3:3: limits.idel: there is no field 'idel'")


async def test_mending_a_file_to_what_is_in_force_ends_the_complaint(deployment: Deployment) -> None:
    deployment.file.write_text("limits: {idle: 1}")
    live = await deployment.process()
    deployment.file.write_text("limits: [")
    await until(lambda: bool(live.problems))
    deployment.file.write_text("limits: {idle: 1}")
    await until(lambda: not live.problems)
    assert idle(live, deployment.workspace_id) == 1


async def test_a_file_may_come_later_and_once_it_is_there_may_not_go(deployment: Deployment) -> None:
    live = await deployment.process()
    assert live.effective(deployment.workspace_id).policy == Policy()
    assert live.deployment.name is None
    replace_file(deployment.file, "limits: {idle: 1}")
    await until(lambda: idle(live, deployment.workspace_id) == 1)
    deployment.file.unlink()
    await until(lambda: bool(live.problems))
    assert "put it back" in live.problems[0].message
    assert idle(live, deployment.workspace_id) == 1
    replace_file(deployment.file, "limits: {idle: 2}")
    await until(lambda: idle(live, deployment.workspace_id) == 2)
    assert live.problems == ()


async def test_what_else_happens_in_the_folder_changes_nothing(deployment: Deployment) -> None:
    deployment.file.write_text("limits: {idle: 1}")
    live = await deployment.process()
    with capture_logs() as logs:
        for name in ("policies.yaml.swp", ".policies.yaml", "other.yaml"):
            (deployment.file.parent / name).write_text("limits: {idle: 9}")
        os.utime(deployment.file)
        # Events come in their order: what is seen after them is seen after they were passed over.
        deployment.file.write_text("limits: {idle: 2}")
        await until(lambda: idle(live, deployment.workspace_id) == 2)
    assert [one["event"] for one in logs] == ["the policy file is in force"]


async def test_a_process_that_starts_on_a_broken_file_takes_the_last_good_one(deployment: Deployment) -> None:
    deployment.file.write_text("limits: {idle: 1}")
    await deployment.process()
    copies = deployment.file.parent / "data"
    await until(lambda: any(copies.glob("policies-*.yaml")))
    deployment.file.write_text("limits: {idle: no}")
    with capture_logs() as logs:
        later = await deployment.process()
    assert idle(later, deployment.workspace_id) == 1
    assert [one.field for one in later.problems] == ["limits.idle"]
    assert "error" in [one["log_level"] for one in logs]
    deployment.file.write_text("limits: {idle: 2}")
    await until(lambda: idle(later, deployment.workspace_id) == 2)
    assert later.problems == ()


async def refused(deployment: Deployment, says: str) -> None:
    with pytest.raises(PolicyFileError, match=says):
        await deployment.process(required=True, copies="nowhere")


async def test_without_a_good_one_no_process_starts(deployment: Deployment) -> None:
    await refused(deployment, "there is no .*policies.yaml")
    deployment.file.write_text("routing_rules: {strategy: cheapest}")
    await refused(deployment, "policies.yaml:1:27: routing_rules.strategy")
    deployment.file.unlink()
    deployment.file.mkdir()
    await refused(deployment, "cannot be read")


async def test_a_workspace_that_the_new_file_contradicts_keeps_its_last_good_policy(deployment: Deployment) -> None:
    workspace, other = deployment.workspace_id, deployment.other_id
    chain = 'routing_rules: {fallback_chains: {"%s": ["%s"]}}\n'
    deployment.file.write_text("limits: {idle: 1}")
    await deployment.put(chain % ("b:y", "a:x"))
    live = await deployment.process()
    before = live.effective(workspace)
    assert "b:y" in before.policy.routing_rules.fallback_chains
    with capture_logs() as logs:
        replace_file(deployment.file, chain % ("a:x", "b:y") + "limits: {idle: 2}")
        # Nobody has to ask for the workspace's policy before this is known.
        await until(lambda: bool(live.problems))
    assert live.effective(workspace) is before
    assert idle(live, other) == 2
    assert {one.workspace_id for one in live.problems} == {workspace}
    assert "loops" in live.problems[0].message
    assert "a workspace's policy does not fit the policy file; its last good one stays" in [
        one["event"] for one in logs
    ]

    later = await deployment.process()
    assert later.effective(workspace) is later.deployment.policy
    assert {one.workspace_id for one in later.problems} == {workspace}

    await deployment.put("limits: {step: 5}")
    for one in (live, later):
        await until(lambda one=one: not one.problems)  # type: ignore[misc]
        assert (idle(one, workspace), one.effective(workspace).policy.limits.step) == (2, 5)


async def test_nothing_of_it_is_left_when_it_is_closed(deployment: Deployment) -> None:
    before = asyncio.all_tasks()
    live = await deployment.process()
    assert asyncio.all_tasks() > before
    await live.aclose()
    await until(lambda: asyncio.all_tasks() == before)
