"""How the command ends, in one number."""

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
