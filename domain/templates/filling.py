"""Filling a template in: every variable is checked first, and all that is wrong is said at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, assert_never

from contracts.errors import ErrorKind, PerdureError
from contracts.parts import Message, TextPart
from domain.pipelines.templates import UnfitTemplateError, rendered_text
from domain.templates.document import TemplateDocument, Variable


@dataclass(frozen=True, slots=True)
class Filled:
    """A template's texts with its variables in them."""

    system: str
    prompt: str

    @property
    def messages(self) -> tuple[Message, ...]:
        """As a model is asked."""
        said = [Message(role="user", parts=(TextPart(text=self.prompt),))]
        if self.system:
            said.insert(0, Message(role="system", parts=(TextPart(text=self.system),)))
        return tuple(said)


def fill(template: TemplateDocument, variables: Mapping[str, Any]) -> Filled:
    """Fill it in. Raises `invalid_request` on `variables`, which lists the missing, the unknown and the unfit ones."""
    wrong = list(_wrong(template, variables))
    if wrong:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"variables: {'; '.join(wrong)}.", field="variables")
    given = {name: variables.get(name, one.default) for name, one in template.variables.items()}
    try:
        filled = Filled(rendered_text(template.system, given), rendered_text(template.prompt, given))
    except UnfitTemplateError as error:
        raise PerdureError(ErrorKind.INVALID_REQUEST, f"variables: {error}.", field="variables") from None
    if not filled.prompt.strip():
        raise PerdureError(ErrorKind.INVALID_REQUEST, "variables: the prompt is empty with these.", field="variables")
    return filled


def _wrong(template: TemplateDocument, given: Mapping[str, Any]) -> list[str]:
    known = template.variables
    missing = [name for name, one in known.items() if one.required and one.default is None and name not in given]
    said = [f"missing {', '.join(missing)}"] if missing else []
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.6)
            said.append(f"unknown {name[:100]}" + (f" (did you mean {near[0]}?)" if near else ""))
        elif not _fits(given[name], known[name]):
            said.append(f"{name} must be {_wanted(known[name])}")
    return said


def _fits(value: Any, wanted: Variable) -> bool:
    if value is None:
        return not wanted.required
    if wanted.enum and value not in wanted.enum:
        return False
    if isinstance(value, str) and len(value) > wanted.max_chars:
        return False
    match wanted.type:
        case "string":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            assert_never(wanted.type)


def _wanted(variable: Variable) -> str:
    if variable.enum:
        return f"one of {', '.join(map(str, variable.enum))}"
    article = "an" if variable.type[0] in "aio" else "a"
    limit = f" of at most {variable.max_chars:,} characters" if variable.type == "string" else ""
    return f"{article} {variable.type}{limit}"
