"""Workspaces' policies in the database: versions that nobody changes, one after the other."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from contracts.errors import ErrorKind, PerdureError
from storage import audit, policies
from storage.policies import VersionMovedError
from tests.policies.conftest import NOW, Deployment

pytestmark = pytest.mark.real


async def test_every_change_is_a_version_and_the_same_text_is_none(deployment: Deployment) -> None:
    first, new = await deployment.put("limits: {idle: 1}  # why")
    assert (first.number, new, first.document, first.source) == (
        1,
        True,
        {"limits": {"idle": 1}},
        "limits: {idle: 1}  # why",
    )
    again, new = await deployment.put("limits: {idle: 1}  # why")
    assert (again, new) == (first, False)
    second, new = await deployment.put("limits: {idle: 2}")
    assert (second.number, new) == (2, True)
    # What was said before may be said again, as when somebody goes back.
    third, new = await deployment.put("limits: {idle: 1}  # why")
    assert (third.number, new) == (3, True)
    async with deployment.database.begin() as connection:
        assert await policies.newest(connection, workspace_id=deployment.workspace_id) == third
        assert await policies.numbered(connection, 2, workspace_id=deployment.workspace_id) == second
        listed = await policies.versions(connection, workspace_id=deployment.workspace_id, before=3, limit=10)
        trail = await audit.of_subject(connection, second.id, workspace_id=deployment.workspace_id)
    assert [(one.number, one.author, one.created_at) for one in listed] == [
        (2, "pdr_author", NOW),
        (1, "pdr_author", NOW),
    ]
    assert [(actor, action, detail["number"]) for _, actor, action, detail in trail] == [
        ("pdr_author", "policy.changed", 2)
    ]


async def test_workspaces_count_for_themselves(deployment: Deployment) -> None:
    await deployment.put("limits: {idle: 1}")
    await deployment.put("limits: {idle: 2}")
    theirs, _ = await deployment.put("limits: {idle: 3}", workspace_id=deployment.other_id)
    assert theirs.number == 1
    async with deployment.database.begin() as connection:
        found = await policies.newest_of_all(connection)
        with pytest.raises(PerdureError) as caught:
            await policies.numbered(connection, 2, workspace_id=deployment.other_id)
    assert caught.value.kind is ErrorKind.NOT_FOUND
    assert {one.workspace_id: one.number for one in found} == {deployment.workspace_id: 2, deployment.other_id: 1}


async def test_who_read_an_older_version_is_told(deployment: Deployment) -> None:
    await deployment.put("limits: {idle: 1}", expected=0)
    with pytest.raises(VersionMovedError, match="at version 1 and not at 0") as caught:
        await deployment.put("limits: {idle: 2}", expected=0)
    assert (caught.value.kind, caught.value.newest) == (ErrorKind.CONFLICT, 1)
    assert (await deployment.put("limits: {idle: 2}", expected=1))[0].number == 2
    # A client that lost the answer sends the same again, with what it had seen.
    assert (await deployment.put("limits: {idle: 2}", expected=1)) == (await deployment.put("limits: {idle: 2}"))


async def test_of_many_at_once_each_gets_its_number_and_one_of_those_who_ask_for_it_wins(
    deployment: Deployment,
) -> None:
    made = await asyncio.gather(*(deployment.put(f"limits: {{idle: {n}}}") for n in range(1, 13)))
    assert sorted(stored.number for stored, _ in made) == list(range(1, 13))
    tried = await asyncio.gather(
        *(deployment.put(f"limits: {{step: {n}}}", expected=12) for n in range(1, 7)), return_exceptions=True
    )
    assert sum(isinstance(one, tuple) for one in tried) == 1
    assert sum(isinstance(one, VersionMovedError) and one.newest == 13 for one in tried) == 5


async def test_a_version_cannot_be_changed_afterwards(deployment: Deployment) -> None:
    await deployment.put("limits: {idle: 1}")
    with pytest.raises(DBAPIError, match="is never changed"):
        async with deployment.database.begin() as connection:
            await connection.execute(text("UPDATE model_configurations SET document = '{}'"))
