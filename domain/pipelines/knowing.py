"""What a checker may know of the world beyond the text: tools and other pipelines."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts.pipelines.definition import Pipeline


@dataclass(frozen=True, slots=True)
class KnownTool:
    """A tool's schemas: of its arguments, and of what it gives, where it says so."""

    parameters: dict[str, Any] | None = None
    output: dict[str, Any] | None = None


def _nothing(_: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known. `tools` and `pipelines` are None where nobody can say: then no name is wrong.

    `pipeline` gives the newest definition of a name. `models` says whether a name means a model.
    """

    tools: "dict[str, KnownTool] | None" = None
    pipelines: tuple[str, ...] | None = None
    pipeline: Callable[[str], Pipeline | None] = _nothing
    models: Callable[[str], bool] | None = None


NOTHING = Known()
