"""Opening what a path names, one component at a time, so that no link and no `..` leads out of the root."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from contracts.tools import ToolError

_MAX_PARTS = 32
_MAX_NAME_BYTES = 200
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
TEMPORARY = ".perdure-new-"
"""How the names of files begin that are not yet whole."""


def parts_of(path: str) -> tuple[str, ...]:
    """The components of a relative path. Raises `ToolError` for `..`, absolute paths and names that no file may have."""
    if path.startswith("/"):
        raise ToolError("The path is absolute. Give it relative to the workspace.", field="path")
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if len(parts) > _MAX_PARTS:
        raise ToolError(f"The path has more than {_MAX_PARTS} parts.", field="path")
    for part in parts:
        if part == "..":
            raise ToolError("The path holds `..`. Name the file from the workspace's root.", field="path")
        if len(part.encode()) > _MAX_NAME_BYTES:
            raise ToolError(f"A name in the path is longer than {_MAX_NAME_BYTES} bytes.", field="path")
        if "\\" in part or not part.isprintable() or part.startswith(TEMPORARY):
            raise ToolError(f"The name {part!r} in the path cannot be used.", field="path")
    return parts


@contextmanager
def opened_folder(root: int, parts: tuple[str, ...], *, create: bool = False) -> Iterator[int]:
    """A descriptor of the folder below the descriptor `root`. Raises `ToolError` where there is none."""
    current = os.dup(root)
    try:
        for depth, part in enumerate(parts, start=1):
            name = "/".join(parts[:depth])
            if create:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o700, dir_fd=current)
            try:
                following = os.open(part, _FOLDER, dir_fd=current)
            except OSError as problem:
                raise _said(problem, name, "folder") from None
            os.close(current)
            current = following
        yield current
    finally:
        os.close(current)


@contextmanager
def opened_file(folder: int, name: str, path: str) -> Iterator[int]:
    """A descriptor of a regular file to read. Raises `ToolError` for links, pipes and all else."""
    try:
        descriptor = os.open(name, _FILE, dir_fd=folder)
    except OSError as problem:
        raise _said(problem, path, "file") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ToolError(f"{path} is no file.", field="path")
        yield descriptor
    finally:
        os.close(descriptor)


def _said(problem: OSError, path: str, wanted: str) -> ToolError:
    if problem.errno == errno.ENOENT:
        return ToolError(f"There is no {wanted} {path}. List the folder to see what there is.", field="path")
    if problem.errno in (errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENXIO):
        return ToolError(f"{path} is no {wanted}; links are not followed.", field="path")
    return ToolError(f"{path} cannot be opened ({os.strerror(problem.errno or 0)}).", field="path")
