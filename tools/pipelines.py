"""The tool that runs pipelines: what it is. A run takes longer than any call, so steps of runs turn calls of it into runs."""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from contracts.tools import RUN_PIPELINE, ToolDefinition, ToolEffects, ToolError
from tools.protocol import Arguments, CallContext, ToolOutput

_SPECIAL = re.compile(r"([.^$+?()\[\]{}|\\/])")
"""What means something in every dialect of patterns; `re.escape` escapes more, which some refuse."""


class PipelinesStanza(BaseModel):
    """Which pipelines may be run: `allow` are names, in which `*` stands for any letters. `approval`: a person agrees first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: tuple[str, ...] = Field(min_length=1, max_length=200)
    approval: bool = False
    max_chars: int = Field(default=50_000, ge=100)


class PipelinesTool:
    """A pipeline of the workspace, by its name."""

    def __init__(self, stanza: PipelinesStanza) -> None:
        self.definition = ToolDefinition(
            name=RUN_PIPELINE,
            description=(
                "Run a stored pipeline and wait for its end, however long that takes. Gives the pipeline's outputs, or says why "
                "it failed."
            ),
            parameters={
                "type": "object",
                "properties": {
                    "pipeline": {"type": "string", **_allowed(stanza.allow), "description": "The pipeline's name"},
                    "input": {"type": "object", "description": "The pipeline's inputs, by name"},
                },
                "required": ["pipeline"],
                "additionalProperties": False,
            },
            effects=ToolEffects(retry="safe", approval=stanza.approval, max_chars=stanza.max_chars),
        )

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        """Refused: only a step of a run can wait for another run."""
        raise ToolError("A pipeline can only be run by a step of another pipeline.")


def _allowed(names: tuple[str, ...]) -> dict[str, Any]:
    if not any("*" in name for name in names):
        return {"enum": list(names)}
    patterns = (".*".join(_SPECIAL.sub(r"\\\1", part) for part in name.split("*")) for name in names)
    return {"pattern": f"^(?:{'|'.join(patterns)})$"}
