"""Rows from JSON lines, as strangers write them."""

import json
from collections.abc import Iterable
from typing import Annotated

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from domain.evaluation.rows import Row, Rows

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class RowLine(BaseModel):
    """One line. `quality` may be called `correct` and hold truths, `score` may be called `difficulty`. The rest is ignored."""

    model_config = ConfigDict(frozen=True)

    prompt: str
    quality: dict[str, Share] = Field(validation_alias=AliasChoices("quality", "correct"), min_length=2)
    cost: dict[str, Usd] | None = None
    score: Share | None = Field(default=None, validation_alias=AliasChoices("score", "difficulty"))


def read_rows(lines: Iterable[str]) -> Rows:
    """Rows of JSON lines; empty lines are skipped.

    Raises ValueError naming the line and the field where one is not as described, where the models differ from the first line's,
    or where only some lines have costs. A message never holds a prompt.
    """
    rows: list[Row] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _row(number, line)
        first = rows[0] if rows else row
        if row.quality.keys() != first.quality.keys():
            raise ValueError(
                f"line {number}: its models are {_names(row.quality)}, those of the first line {_names(first.quality)}; "
                "every line must hold the same"
            )
        if (row.usd is None) != (first.usd is None):
            raise ValueError(f"line {number}: a cost must stand in every line or in none")
        rows.append(row)
    return Rows(tuple(rows))


def _row(number: int, line: str) -> Row:
    try:
        read = RowLine.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise ValueError(f"line {number}, column {error.colno}: this is no JSON: {error.msg}") from None
    except RecursionError:
        raise ValueError(f"line {number}: this JSON is nested too deeply") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the line"
        raise ValueError(f"line {number}: {where}: {first['msg']}") from None
    if read.cost is not None and read.cost.keys() != read.quality.keys():
        raise ValueError(
            f"line {number}: cost is given for {_names(read.cost)}, quality for {_names(read.quality)}; "
            "both must name the same models"
        )
    return Row(read.prompt, read.quality, read.cost, read.score)


def _names(models: Iterable[str]) -> str:
    return ", ".join(sorted(models))
