"""What a trigger gives a run: its templates filled in with what happened, checked by the pipeline's inputs."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from contracts.errors import ErrorKind, PerdureError
from contracts.pipelines.definition import Pipeline
from contracts.triggers import LONGEST_CHAIN, RunWish, TriggerKind
from domain.pipelines.templates import UnfitTemplateError, rendered
from domain.runs.inputs import checked_inputs
from domain.runs.reading import roots_of

NAMES: Mapping[TriggerKind, tuple[str, ...]] = {
    TriggerKind.SCHEDULE: ("at", "trigger"),
    TriggerKind.WEBHOOK: ("at", "trigger", "body"),
    TriggerKind.PIPELINE: ("at", "trigger", "run"),
}
"""What templates of each kind may refer to."""


def check_wish(wish: RunWish, kind: TriggerKind) -> None:
    """Refuse templates that cannot be read, or refer to what there will not be. Raises `invalid_request`."""
    try:
        wanted = roots_of(wish.input)
    except UnfitTemplateError as error:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"input: {error}.", field="input") from None
    unknown = sorted(wanted - set(NAMES[kind]))
    if unknown:
        said = f"input refers to {', '.join(unknown)}; here there are {', '.join(NAMES[kind])}."
        raise PerdureError(ErrorKind.INVALID_REQUEST, said, field="input")


def inputs_of(definition: Pipeline, wish: RunWish, names: Mapping[str, Any]) -> dict[str, Any]:
    """The run's inputs. Raises `invalid_request` for what does not fit."""
    if wish.input is not None:
        try:
            given = rendered(wish.input, names)
        except UnfitTemplateError as error:
            raise PerdureError(ErrorKind.INVALID_REQUEST, f"input: {error}.", field="input") from None
    else:
        given = names["body"] if "body" in names else names["run"]["output"] if "run" in names else {}
    if not isinstance(given, dict):
        said = "What is given is no object of inputs by name. Say `input` in the trigger, with templates."
        raise PerdureError(ErrorKind.INVALID_REQUEST, said, field="input")
    return checked_inputs(definition, given)


def check_chain(chain: int) -> None:
    """Raises `conflict` where so many runs have started each other that they would never end."""
    if chain > LONGEST_CHAIN:
        said = f"{LONGEST_CHAIN} runs have started each other by their ends; no further one is started."
        raise PerdureError(ErrorKind.CONFLICT, said)


def at_of(moment: datetime) -> str:
    """A time as templates see it."""
    return moment.isoformat()


def occasion_digest(name: str, given: Mapping[str, Any]) -> bytes:
    """What a trigger asked, in 32 bytes."""
    return hashlib.sha256(name.encode() + b"\n" + orjson.dumps(given, option=orjson.OPT_SORT_KEYS)).digest()
