"""The files of one workspace: reading, writing within quotas, listing."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from contracts.tools import ToolError
from tools.files.paths import TEMPORARY, opened_file, opened_folder, parts_of

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Quota:
    """What a workspace may hold: bytes in all, bytes in one file, files and folders."""

    bytes: int
    file_bytes: int
    entries: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder. `path` is relative to the workspace, `size` in bytes, `modified` in seconds since 1970."""

    path: str
    folder: bool
    size: int
    modified: float


class Workspace:
    """One workspace's files below `root`/`workspace_id`. All methods block: call them in a thread."""

    def __init__(self, root: Path, workspace_id: UUID, quota: Quota) -> None:
        self._folder = root / str(workspace_id)
        self._quota = quota

    def read(self, path: str) -> bytes:
        """A file's content. Raises `ToolError` where there is no such file, or where it is larger than a file may be."""
        *folders, name = self._named(path)
        with (
            self._root() as root,
            opened_folder(root, tuple(folders)) as folder,
            opened_file(folder, name, path) as file,
        ):
            return self._content(file, path)

    def write(self, path: str, content: bytes) -> bool:
        """Put `content` there at once, whole. True where the file is new. Raises `ToolError` where a quota is used up."""
        *folders, name = self._named(path)
        if len(content) > self._quota.file_bytes:
            raise ToolError(
                f"The content has {len(content)} bytes; a file may have {self._quota.file_bytes}.", field="content"
            )
        with self._root() as root:
            # Two writers, also of two processes, must not both fit into the same rest of the quota.
            fcntl.flock(root, fcntl.LOCK_EX)
            self._check_room(root, tuple(folders), name, len(content))
            with opened_folder(root, tuple(folders), create=True) as folder:
                return _replace(folder, name, path, content)

    def entries(self, path: str = "", *, recursive: bool = False) -> Iterator[Entry]:
        """What lies in a folder, by name; links and unfinished files are left out. Raises `ToolError` where there is none."""
        parts = parts_of(path)
        with self._root() as root, opened_folder(root, parts) as folder:
            yield from _listed(folder, "/".join(parts), recursive=recursive)

    @contextmanager
    def _root(self) -> Iterator[int]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _named(self, path: str) -> tuple[str, ...]:
        parts = parts_of(path)
        if not parts or path.endswith("/"):
            raise ToolError("The path names no file.", field="path")
        return parts

    def _content(self, file: int, path: str) -> bytes:
        limit = self._quota.file_bytes
        content = bytearray()
        while len(content) <= limit and (chunk := os.read(file, _CHUNK)):
            content += chunk
        if len(content) > limit:
            raise ToolError(f"{path} is larger than {limit} bytes, the most that is read.", field="path")
        return bytes(content)

    def _check_room(self, root: int, folders: tuple[str, ...], name: str, size: int) -> None:
        path = "/".join((*folders, name))
        known = {entry.path: entry for entry in _listed(root, "", recursive=True)}
        old = known.get(path)
        if old is not None and old.folder:
            raise ToolError(f"{path} is a folder.", field="path")
        held = sum(entry.size for entry in known.values()) - (old.size if old else 0)
        if held + size > self._quota.bytes:
            raise ToolError(f"The workspace holds {held} of {self._quota.bytes} bytes; {size} more do not fit.")
        wanted = {"/".join(folders[:depth]) for depth in range(1, len(folders) + 1)} | {path}
        if len(known.keys() | wanted) > self._quota.entries:
            raise ToolError(
                f"The workspace holds {len(known)} of {self._quota.entries} files and folders; no more fit."
            )


def _replace(folder: int, name: str, path: str, content: bytes) -> bool:
    """Write beside it and rename, so that a reader sees the old or the new. A link of that name is replaced, not followed."""
    temporary = f"{TEMPORARY}{uuid4().hex}"
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        with os.fdopen(file, "wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        new = name not in os.listdir(folder)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError as problem:
        os.unlink(temporary, dir_fd=folder)
        raise ToolError(f"{path} cannot be written ({os.strerror(problem.errno or 0)}).", field="path") from None
    return new


def _listed(folder: int, prefix: str, *, recursive: bool) -> Iterator[Entry]:
    for name in sorted(os.listdir(folder)):
        if name.startswith(TEMPORARY):
            continue
        path = f"{prefix}/{name}" if prefix else name
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            continue
        if stat.S_ISREG(found.st_mode):
            yield Entry(path, False, found.st_size, found.st_mtime)
        elif stat.S_ISDIR(found.st_mode):
            yield Entry(path, True, 0, found.st_mtime)
            if recursive:
                with opened_folder(folder, (name,)) as inside:
                    yield from _listed(inside, path, recursive=True)
