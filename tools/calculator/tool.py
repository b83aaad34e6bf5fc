"""The tool that computes."""

from contracts.tools import ToolDefinition, ToolEffects
from tools.calculator.computing import compute, written
from tools.calculator.reading import MAX_CHARS, read
from tools.protocol import Arguments, CallContext, ToolOutput


class CalculatorTool:
    """One expression, computed in decimals."""

    definition = ToolDefinition(
        name="calculator",
        description=(
            "Compute an arithmetic expression exactly, in decimals: + - * / // % ^, brackets, and sqrt, root(x, n), abs, "
            "round(x, places), floor, ceil, trunc, min, max, sum, mean, exp, ln, log(x, base), log10, factorial, pi, e."
        ),
        parameters={
            "type": "object",
            "properties": {"expression": {"type": "string", "minLength": 1, "maxLength": MAX_CHARS}},
            "required": ["expression"],
            "additionalProperties": False,
        },
        effects=ToolEffects(retry="safe", timeout=5),
    )

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        """The value, as text so that no digit is lost."""
        value = written(compute(read(arguments["expression"])))
        return ToolOutput(data={"value": value}, text=value)
