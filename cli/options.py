"""Options that many commands take."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
Url = Annotated[
    str | None, typer.Option(envvar="PERDURE_URL", help="The API's address; else the running `perdure up`.")
]
Key = Annotated[str | None, typer.Option(envvar="PERDURE_API_KEY", help="The API key; else that of `perdure up`.")]
Export = Annotated[Path, typer.Argument(help="A vendor's export of usage or cost, JSON or CSV.")]
Providers = Annotated[
    list[str] | None, typer.Option(help="The provider whose calls were billed; else the one of the vendor's name.")
]
