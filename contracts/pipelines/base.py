"""What every part of a definition shares: strictness, and the small words."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer

from contracts.base import Contract

LONGEST_TEXT = 200_000
"""Characters of one template."""


class PipelinePart(Contract):
    """A part of a definition. Unknown fields are refused: they are most often misspelt, and an older worker must not pass over
    what a newer definition says.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, serialize_by_alias=True)


_DURATION = re.compile(
    r"(?:(\d+(?:\.\d+)?)w)?(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?"
)
_UNITS = (604_800, 86_400, 3_600, 60, 1)
LONGEST = timedelta(days=366).total_seconds()


def _seconds(value: Any) -> Any:
    """Seconds of `90`, `30s`, `5m`, `1h30m`, `30d` or `2w`; anything else is left for pydantic to refuse."""
    if not isinstance(value, str):
        return value
    found = _DURATION.fullmatch(value.strip()) if len(value) <= 50 else None
    if found is None or not any(found.groups()):
        raise ValueError("a duration is a number of seconds, or as in 30s, 5m, 1h30m, 30d")
    return sum(float(count) * unit for count, unit in zip(found.groups(), _UNITS, strict=True) if count)


Duration = Annotated[
    float,
    BeforeValidator(_seconds, json_schema_input_type=float | str),
    Field(gt=0, le=LONGEST),
]
"""Seconds. Written as a number, or as `30s`, `5m`, `1h30m`, `30d`."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]
"""What templates and conditions call something: letters, digits and underscores."""

Label = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\s{}](?:[^{}\n]*[^\s{}])?$")]
"""What people call something."""

Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
"""A template: text with `{{ references }}`."""

Condition = Annotated[str, Field(min_length=1, max_length=2_000)]
"""A condition or calculation in CEL."""


def _digits(amount: Decimal) -> str:
    return format(amount.normalize(), "f")


Amount = Annotated[Decimal, Field(ge=0, le=1_000_000), PlainSerializer(_digits, when_used="json")]
"""USD."""

Schema = dict[str, Any]
"""A JSON Schema."""

Value = Any
"""Anything that JSON can say, with templates in its texts. A text that is one `{{ reference }}` alone is what it refers to."""


_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")


def _schema(value: Any) -> Any:
    """A schema; the name of a type alone stands for the schema of that type."""
    if isinstance(value, str):
        if value not in _TYPES:
            raise ValueError(f"a type is one of {', '.join(_TYPES)}, or a JSON Schema")
        return {"type": value}
    return value


TypedAs = Annotated[Schema, BeforeValidator(_schema, json_schema_input_type=Schema | str)]
"""A JSON Schema, or the name of a type alone."""


class Retry(PipelinePart):
    """How often a step that failed is tried, in all, and how long is waited in between."""

    attempts: int = Field(default=3, ge=1, le=100)
    first_wait: Duration = 1.0
    factor: float = Field(default=2, ge=1, le=10)
    longest_wait: Duration = 60.0


class Budget(PipelinePart):
    """What may be spent at most; what is absent is unbounded here. `tokens` counts input and output."""

    cost: Amount | None = None
    tokens: int | None = Field(default=None, ge=0)
    calls: int | None = Field(default=None, ge=0)


class Caching(PipelinePart):
    """A finished step's result is used again for the same input, for so long."""

    ttl: Duration = 86_400.0
