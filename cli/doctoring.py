"""`perdure doctor`."""

import dataclasses
import json

import typer
from rich.console import Console
from rich.table import Table

from cli.client import state
from cli.exits import Exit
from settings import Settings
from workers.doctor import examine

_COLOURS = {"ok": "green", "note": "yellow", "wrong": "red"}


async def run_doctor(settings: Settings, *, as_json: bool) -> None:
    """Print the findings. Ends with 1 where something is wrong."""
    findings = await examine(settings, running=state())
    if as_json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings]))
    else:
        table = Table("part", "", "found", "what to do")
        for finding in findings:
            colour = _COLOURS[finding.verdict]
            table.add_row(finding.part, f"[{colour}]{finding.verdict}[/{colour}]", finding.found, finding.advice)
        Console(highlight=False).print(table)
    if any(finding.verdict == "wrong" for finding in findings):
        raise typer.Exit(Exit.FAILED)
