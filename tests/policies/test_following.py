"""What one process stores, the others have in force."""

from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from contracts.policies import Policy
from domain.policies.writing import version_of
from storage.database import Database
from storage.ids import new_id
from tests.fixtures.postgres import PostgresServer, create_database, execute
from tests.policies.conftest import Deployment, deployed, idle, until
from tests.policies.written import replace_file

pytestmark = pytest.mark.real


async def test_each_of_two_processes_follows_what_the_other_stores(deployment: Deployment) -> None:
    workspace, other = deployment.workspace_id, deployment.other_id
    one, two = await deployment.process(), await deployment.process()
    assert one.effective(workspace).policy == Policy()
    for number in range(1, 6):
        await deployment.put(f"limits: {{idle: {number}}}")
        for live in (one, two):
            await until(lambda live=live, number=number: idle(live, workspace) == number)  # type: ignore[misc]
    assert one.effective(workspace) == two.effective(workspace)
    assert one.effective(workspace).version == version_of(one.effective(workspace).policy)
    # The other workspace's is nobody else's business.
    assert one.effective(other).policy == Policy()


async def test_a_process_that_starts_later_has_all_of_it(deployment: Deployment) -> None:
    await deployment.put("limits: {idle: 1}")
    await deployment.put("limits: {idle: 2}")
    await deployment.put("limits: {idle: 3}", workspace_id=deployment.other_id)
    live = await deployment.process()
    assert (idle(live, deployment.workspace_id), idle(live, deployment.other_id)) == (2, 3)


async def test_the_file_is_under_it_and_both_may_change(deployment: Deployment) -> None:
    workspace, other = deployment.workspace_id, deployment.other_id
    deployment.file.write_text("limits: {idle: 1, step: 10}")
    live = await deployment.process()
    await deployment.put("limits: {idle: 2}")
    await until(lambda: idle(live, workspace) == 2)
    assert live.effective(workspace).policy.limits.step == 10
    replace_file(deployment.file, "limits: {idle: 1, step: 20}")
    await until(lambda: live.effective(workspace).policy.limits.step == 20)
    assert (idle(live, workspace), idle(live, other)) == (2, 1)
    await deployment.put("{}")
    await until(lambda: idle(live, workspace) == 1)
    assert live.effective(workspace) == live.effective(other)


async def test_what_is_rolled_back_is_told_to_nobody(deployment: Deployment) -> None:
    live = await deployment.process()
    connection = await asyncpg.connect(deployment.database.dsn)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        "INSERT INTO model_configurations (workspace_id, number, digest, document, source, author, created_at)"
        " VALUES ($1, 1, '', '{\"limits\": {\"idle\": 9}}', '', 'x', now())",
        deployment.workspace_id,
    )
    await connection.execute("SELECT pg_notify('perdure_policies', $1)", str(deployment.workspace_id))
    await transaction.rollback()
    await connection.close()
    await deployment.put("limits: {idle: 1}", workspace_id=deployment.other_id)
    # Notices come in the order of the commits.
    await until(lambda: idle(live, deployment.other_id) == 1)
    assert idle(live, deployment.workspace_id) is None


async def test_what_is_not_a_workspace_is_passed_over(deployment: Deployment) -> None:
    live = await deployment.process()
    for said in ("elephant", str(new_id()), ""):
        await execute(deployment.database.dsn, f"SELECT pg_notify('perdure_policies', '{said}')")
    await deployment.put("limits: {idle: 1}")
    await until(lambda: idle(live, deployment.workspace_id) == 1)


async def test_asking_is_answered_from_memory(deployment: Deployment) -> None:
    deployment.file.write_text("limits: {idle: 1}")
    await deployment.put("limits: {step: 2}")
    live = await deployment.process()
    held = live.effective(deployment.workspace_id)
    # With the database away there is nobody to ask.
    await deployment.database.close()
    assert live.effective(deployment.workspace_id) is held
    assert live.effective(deployment.other_id) is live.deployment.policy


async def test_what_was_stored_while_no_notice_came_is_read_afterwards(deployment: Deployment) -> None:
    live = await deployment.process()
    with capture_logs() as logs:
        async with deployment.database.begin() as connection:
            ended = await connection.scalar(
                text(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE application_name = 'perdure-policies' AND datname = current_database()"
                )
            )
        assert ended == 1
        await deployment.put("limits: {idle: 1}")
        await until(lambda: idle(live, deployment.workspace_id) == 1)
    assert not [one for one in logs if one["log_level"] == "error"]
    await deployment.put("limits: {idle: 2}")
    await until(lambda: idle(live, deployment.workspace_id) == 2)


@pytest.mark.kill
async def test_policies_outlast_the_database_that_is_killed(private_postgres: PostgresServer, tmp_path: Path) -> None:
    async with deployed(await create_database(private_postgres), tmp_path) as deployment:
        await deployment.put("limits: {idle: 1}")
        live = await deployment.process()
        await private_postgres.kill()
        assert idle(live, deployment.workspace_id) == 1
        deployment.file.write_text("limits: {step: 5}")
        await until(lambda: live.effective(deployment.workspace_id).policy.limits.step == 5)
        await private_postgres.start()
        # The process keeps its pool, whose connections are dead; the one that stores is another.
        elsewhere = replace(deployment, database=Database(deployment.database.dsn))
        await elsewhere.put("limits: {idle: 2}")
        await elsewhere.database.close()
        await until(lambda: idle(live, deployment.workspace_id) == 2)
        assert live.effective(deployment.workspace_id).policy.limits.step == 5
