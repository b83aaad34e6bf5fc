"""How the command ends, in one number."""

import atexit
import os
import sys
from enum import IntEnum
from typing import NoReturn

import typer
from rich.console import Console


class Exit(IntEnum):
    """The exit codes."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    NOT_FOUND = 4
    CONFLICT = 5
    UNAUTHORISED = 6


def fail(message: str, code: Exit = Exit.FAILED) -> NoReturn:
    """Say what is wrong on standard error, and end."""
    Console(stderr=True, highlight=False).print(f"[red]perdure:[/red] {message}", soft_wrap=True)
    raise typer.Exit(int(code))


def leave(ended: SystemExit) -> NoReturn:
    """End the process, as the exception says.

    Threads of Temporal's SDK may still be letting go of the interpreter, and CPython 3.11 aborts where it takes itself apart
    meanwhile (PyGILState_Release: "thread state must be current when releasing"): the exit code would be lost.
    """
    if "temporalio.bridge.runtime" not in sys.modules or not isinstance(ended.code, int | None):
        raise ended
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ended.code or 0)
