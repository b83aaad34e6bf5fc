"""`perdure pipeline`: the commands. Each imports what it needs when it runs."""

from decimal import Decimal
from typing import Annotated

import typer

from cli.options import Json

pipeline_app = typer.Typer(help="Pipelines: agents, tools and other steps, written in YAML.", no_args_is_help=True)

File = Annotated[str, typer.Argument(help="A pipeline in YAML or JSON; - for standard input.")]


@pipeline_app.command("check")
def check(
    file: File,
    max_cost: Annotated[
        float | None, typer.Option("--max-cost", min=0, help="Fail where a run may cost more than so many USD.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a pipeline here, without a server: every error with its line, and what a run may come to. Ends with 1 on errors."""
    from cli.pipelines import check_file

    check_file(file, None if max_cost is None else Decimal(str(max_cost)), as_json=as_json)


@pipeline_app.command("show")
def show(file: File, as_json: Json = False) -> None:
    """Show a pipeline's steps in the order in which they run, what each waits for, and what each may come to."""
    from cli.pipelines import show_file

    show_file(file, as_json=as_json)


@pipeline_app.command("import")
def import_(
    source: Annotated[
        str, typer.Argument(help="A folder with CrewAI's agents.yaml and tasks.yaml, or a Dify app's file.")
    ],
    to: Annotated[str | None, typer.Option("--to", help="Write the pipeline into this file.")] = None,
    name: Annotated[str | None, typer.Option(help="The pipeline's name.")] = None,
    model: Annotated[str | None, typer.Option(help="Ask this model for everything.")] = None,
    as_json: Json = False,
) -> None:
    """Turn a CrewAI crew or a Dify app into a pipeline. What could not be carried is listed."""
    from cli.pipelines import import_source

    import_source(source, to, name, model, as_json=as_json)


@pipeline_app.command("schema")
def schema() -> None:
    """Print the JSON schema of a pipeline, for editors."""
    from cli.pipelines import print_schema

    print_schema()
