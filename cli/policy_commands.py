"""`perdure policies`: the commands. Each imports what it needs when it runs."""

import asyncio
from typing import Annotated

import typer

from cli.options import Json, Key, Url

policies_app = typer.Typer(help="Policies: which models may answer what.", no_args_is_help=True)

File = Annotated[str, typer.Argument(help="A YAML or JSON file; - for standard input.")]


@policies_app.command("show")
def show(
    url: Url = None,
    key: Key = None,
    number: Annotated[int | None, typer.Option("--number", help="This version's text, as it was sent.")] = None,
    as_json: Json = False,
) -> None:
    """Show the policy in force, as YAML, and what is wrong with what it is made of."""
    from cli.client import reach
    from cli.policies import show_policy

    asyncio.run(show_policy(reach(url, key), number, as_json=as_json))


@policies_app.command("check")
def check(file: File = "policies.yaml", as_json: Json = False) -> None:
    """Check a policy file here, without a server: every error and warning, with its line. Ends with 1 where it has errors."""
    from cli.policies import check_file

    check_file(file, as_json=as_json)


@policies_app.command("apply")
def apply(
    file: File,
    url: Url = None,
    key: Key = None,
    if_number: Annotated[
        int | None, typer.Option("--if-number", help="Only where this is the newest version; 0: where there is none.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put a policy in force for the key's workspace, over the deployment's file."""
    from cli.client import reach
    from cli.policies import apply_file

    asyncio.run(apply_file(reach(url, key), file, if_number, as_json=as_json))


@policies_app.command("versions")
def versions(url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """List the versions of the workspace's policy, newest first."""
    from cli.client import reach
    from cli.policies import list_versions

    asyncio.run(list_versions(reach(url, key), as_json=as_json))


@policies_app.command("schema")
def schema() -> None:
    """Print the JSON schema of a policy, for editors."""
    from cli.policies import print_schema

    print_schema()
