"""Writes the reference pages that the code knows better: settings, commands, errors. `python docs/generate.py`."""

import json
from pathlib import Path

import click
import typer.main

from cli.app import app
from cli.exits import Exit
from contracts.errors import RULES
from domain.pipelines.writing import json_schema as pipelines_json_schema
from domain.policies.writing import json_schema
from settings import Settings

FOLDER = Path(__file__).parent / "reference"
_HEAD = "<!-- Written by docs/generate.py; change the code instead. -->\n"


def settings_page() -> str:
    """Every setting, its default and what it is for."""
    rows = []
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        choices = getattr(alias, "choices", [alias]) if alias else [f"PERDURE_{name.upper()}"]
        default = "" if field.default is None else f"`{field.default}`"
        rows.append(f"| {', '.join(f'`{choice}`' for choice in choices)} | {default} | {field.description} |")
    intro = "Settings come from the environment, or from a file `.env` in the working directory."
    temporal = (
        "Temporal is configured by its own variables: `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, "
        "`TEMPORAL_TLS` and so on."
    )
    table = "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])
    return f"{_HEAD}\n# Settings\n\n{intro}\n\n{table}\n\n{temporal}\n"


def errors_page() -> str:
    """Every kind of error and what follows from it."""
    rows = [
        f"| `{kind}` | {rule.http_status} | {'yes' if rule.retry_same else 'no'} | {'yes' if rule.fallback else 'no'} "
        f"| {rule.sentence} |"
        for kind, rule in RULES.items()
    ]
    intro = (
        "Errors come as `application/problem+json` with `kind`, `detail` and, where one is at fault, `field`; "
        "under `/v1` in OpenAI's shape with the kind as `code`. A missing or unknown key is 401, a body beyond the limit 413."
    )
    table = "\n".join(["| kind | HTTP | the same again | next candidate | meaning |", "|---|---|---|---|---|", *rows])
    return f"{_HEAD}\n# Errors\n\n{intro}\n\n{table}\n"


def cli_page() -> str:
    """Every command and its options."""
    root = typer.main.get_command(app)
    pieces = [_HEAD, "# The perdure command\n"]
    context = click.Context(root, info_name="perdure")
    for name, command in sorted(root.commands.items()):  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            for inner, leaf in sorted(command.commands.items()):
                pieces.append(_command(f"perdure {name} {inner}", leaf, context))
        else:
            pieces.append(_command(f"perdure {name}", command, context))
    codes = "\n".join(f"| {int(code)} | {code.name.lower().replace('_', ' ')} |" for code in Exit)
    pieces.append(f"## Exit codes\n\n| code | meaning |\n|---|---|\n{codes}\n")
    return "\n".join(pieces)


def _command(title: str, command: click.Command, parent: click.Context) -> str:
    lines = [f"## {title}\n", f"{(command.help or '').strip()}\n"]
    for parameter in command.params:
        if parameter.name == "help":
            continue
        shown = ", ".join(f"`{option}`" for option in parameter.opts)
        if isinstance(parameter, click.Argument) or parameter.param_type_name == "argument":
            shown = f"`{(parameter.name or '').upper()}`"
        told = getattr(parameter, "help", None) or ""
        environment = f" (environment: `{parameter.envvar}`)" if parameter.envvar else ""
        lines.append(f"* {shown} {told}{environment}".rstrip())
    return "\n".join(lines) + "\n"


def policies_schema() -> str:
    """The JSON schema of policies."""
    return json.dumps(json_schema(), indent=2) + "\n"


def pipelines_schema() -> str:
    """The JSON schema of pipelines."""
    return json.dumps(pipelines_json_schema(), indent=2) + "\n"


PAGES = {
    "settings.md": settings_page,
    "errors.md": errors_page,
    "cli.md": cli_page,
    "policies.schema.json": policies_schema,
    "pipelines.schema.json": pipelines_schema,
}


if __name__ == "__main__":
    for page, write in PAGES.items():
        (FOLDER / page).write_text(write())
