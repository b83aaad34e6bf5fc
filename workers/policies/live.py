"""The policies in force: the file's, with each workspace's newest version over it, always at hand."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog

from contracts.policies import Policy, VersionedPolicy
from domain.policies.force import FilePolicy
from domain.policies.problems import PolicyError, PolicyProblem
from domain.policies.reading import read, understood
from domain.policies.unknown import ModelNames
from domain.policies.writing import version_of
from storage import policies
from storage.database import Database
from storage.policies import StoredPolicy
from storage.streams.listening import Listening
from workers.policies.file import PolicyFile

_SETTINGS = {"application_name": "perdure-policies", "jit": "off", "timezone": "UTC"}
_PAUSE_SECONDS = 0.5
_LOGGED = 20

log = structlog.get_logger("perdure.policies")


class PolicyFileError(Exception):
    """The policy file is not fit to start with, and no copy of a good one is here. The message says what is wrong and where."""


class LivePolicies:
    """`domain.policies.force.Policies`, followed while the process runs."""

    def __init__(
        self,
        database: Database,
        file: PolicyFile,
        *,
        required: bool,
        clock: Callable[[], datetime],
        names: ModelNames | None = None,
    ) -> None:
        """`required`: somebody named the file, so that its absence is a mistake. `names` judges models' names, for warnings."""
        self._database = database
        self._file = file
        self._required = required
        self._clock = clock
        self._names = names
        self._text: bytes | None = None
        self._deployment = FilePolicy(_versioned(Policy()))
        self._file_problems: tuple[PolicyProblem, ...] = ()
        self._documents: dict[UUID, StoredPolicy] = {}
        self._merged: dict[UUID, VersionedPolicy] = {}
        self._before: dict[UUID, VersionedPolicy] = {}
        self._unfit: dict[UUID, tuple[PolicyProblem, ...]] = {}
        self._named: set[UUID] = set()
        self._all = False
        self._told = asyncio.Event()
        self._listening: Listening | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Read the file and the database, and follow both. Raises PolicyFileError, and what asyncpg raises."""
        await self._begin_with_file()
        self._listening = Listening(self._database.dsn, self, _SETTINGS, channel=policies.CHANNEL)
        await self._listening.start()
        await self._load_all()
        self._tasks = [asyncio.create_task(self._follow_file()), asyncio.create_task(self._follow_database())]
        # The watch stands after one turn of the loop; a change before it told nobody.
        await asyncio.sleep(0)
        await self._take_file()

    async def aclose(self) -> None:
        """Follow no longer."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._listening is not None:
            await self._listening.aclose()

    def effective(self, workspace_id: UUID) -> VersionedPolicy:
        """The workspace's policy now, from memory."""
        found = self._merged.get(workspace_id)
        if found is not None:
            return found
        stored = self._documents.get(workspace_id)
        # Merged here only in the moment after the file changed; otherwise that was done ahead, in a thread.
        return self._deployment.policy if stored is None else self._hold(stored, _laid(stored, self._deployment))

    @property
    def deployment(self) -> FilePolicy:
        """The file's policy."""
        return self._deployment

    @property
    def problems(self) -> tuple[PolicyProblem, ...]:
        """Why something that was written is not in force."""
        return (*self._file_problems, *(one for some in self._unfit.values() for one in some))

    async def refresh(self, workspace_id: UUID) -> None:
        """Read the workspace's newest version now."""
        async with self._database.begin() as connection:
            stored = await policies.newest(connection, workspace_id=workspace_id)
        if stored is not None:
            await self._take(stored)

    def heard(self, line: str) -> None:
        """A process stored a version."""
        with suppress(ValueError):
            self._named.add(UUID(line))
            self._told.set()

    def connected(self) -> None:
        """Notices may have been missed."""
        self._all = True
        self._told.set()

    async def _begin_with_file(self) -> None:
        await self._take_file()
        if not self._file_problems:
            return
        kept = await asyncio.to_thread(self._file.kept)
        if kept is None:
            wrong = "\n".join(str(problem) for problem in self._file_problems)
            raise PolicyFileError(f"The policy file is not fit to start with:\n{wrong}")
        problems, self._file_problems = self._file_problems, ()
        await self._judge(kept)
        if self._file_problems:
            wrong = "\n".join(str(problem) for problem in problems)
            raise PolicyFileError(f"The policy file is not fit to start with:\n{wrong}")
        self._file_problems = problems

    async def _follow_file(self) -> None:
        async for _ in self._file.changes():
            await self._take_file()

    async def _take_file(self) -> None:
        name = self._file.path.name
        try:
            text = await asyncio.to_thread(self._file.read)
        except OSError as error:
            self._complain((PolicyProblem(f"it cannot be read ({error.strerror})", name),))
            return
        if text is None:
            if self._required or self._deployment.name is not None:
                gone = f"there is no {self._file.path}; put it back, or restart without it"
                self._complain((PolicyProblem(gone, name),))
            return
        if text != self._text or self._file_problems:
            await self._judge(text)

    async def _judge(self, text: bytes) -> None:
        name = self._file.path.name
        self._text = text
        try:
            reading = await asyncio.to_thread(read, text, source=name, names=self._names)
        except PolicyError as error:
            self._complain(error.errors)
            return
        self._file_problems = ()
        self._deployment = FilePolicy(_versioned(reading.policy), reading.document, name, self._clock())
        self._before |= self._merged
        self._merged, self._unfit = {}, {}
        version = self._deployment.policy.version
        log.info("the policy file is in force", file=name, version=version, warnings=_shown(reading.warnings))
        await self._settle()
        await asyncio.to_thread(self._file.keep, text)

    def _complain(self, problems: tuple[PolicyProblem, ...]) -> None:
        if problems != self._file_problems:
            self._file_problems = problems
            log.error("the policy file is not in force; the last good one stays", problems=_shown(problems))

    async def _follow_database(self) -> None:
        while True:
            await self._told.wait()
            self._told.clear()
            everything, named = self._all, self._named
            self._all, self._named = False, set()
            try:
                if everything:
                    await self._load_all()
                else:
                    for workspace_id in named:
                        await self.refresh(workspace_id)
            except Exception as error:
                log.warning("policies could not be read from the database, trying again", error=type(error).__name__)
                self._all = True
                await asyncio.sleep(_PAUSE_SECONDS)
                self._told.set()

    async def _load_all(self) -> None:
        self._all = False
        async with self._database.begin() as connection:
            found = await policies.newest_of_all(connection)
        for stored in found:
            await self._take(stored)

    async def _take(self, stored: StoredPolicy) -> None:
        workspace_id = stored.workspace_id
        if self._has(stored):
            return
        deployment = self._deployment
        laid = await asyncio.to_thread(_laid, stored, deployment)
        if self._has(stored):
            return
        known = workspace_id in self._documents
        self._documents[workspace_id] = stored
        self._unfit.pop(workspace_id, None)
        merged = self._merged.pop(workspace_id, None)
        if merged is not None:
            self._before[workspace_id] = merged
        if deployment is self._deployment:
            self._hold(stored, laid)
        if known:
            log.info("a workspace's policy changed", workspace_id=str(workspace_id), number=stored.number)

    def _has(self, stored: StoredPolicy) -> bool:
        held = self._documents.get(stored.workspace_id)
        return held is not None and held.number >= stored.number

    async def _settle(self) -> None:
        """Lay every workspace's version over the file's before it is asked for, so that what does not fit is known at once."""
        for workspace_id in list(self._documents):
            stored, deployment = self._documents[workspace_id], self._deployment
            if workspace_id in self._merged:
                continue
            laid = await asyncio.to_thread(_laid, stored, deployment)
            # Somebody may have asked for it, or stored another, in the meantime.
            if workspace_id not in self._merged and self._documents[workspace_id] is stored:
                self._hold(stored, laid)

    def _hold(self, stored: StoredPolicy, laid: VersionedPolicy | PolicyError) -> VersionedPolicy:
        workspace_id = stored.workspace_id
        if isinstance(laid, PolicyError):
            # It was right when it was stored: the file beneath it has changed.
            self._unfit[workspace_id] = tuple(replace(one, workspace_id=workspace_id) for one in laid.errors)
            log.error(
                "a workspace's policy does not fit the policy file; its last good one stays",
                workspace_id=str(workspace_id),
                problems=_shown(laid.errors),
            )
            laid = self._before.get(workspace_id, self._deployment.policy)
        self._merged[workspace_id] = laid
        return laid


def _laid(stored: StoredPolicy, deployment: FilePolicy) -> VersionedPolicy | PolicyError:
    """A workspace's version over the file's, or why it does not fit."""
    try:
        return _versioned(understood(stored.document, base=deployment.document, source="workspace"))
    except PolicyError as error:
        return error


def _versioned(policy: Policy) -> VersionedPolicy:
    return VersionedPolicy(policy, version_of(policy))


def _shown(problems: tuple[PolicyProblem, ...]) -> list[str]:
    return [str(problem) for problem in problems[:_LOGGED]]
