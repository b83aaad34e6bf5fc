"""What came of an import: a definition, and what could not be carried."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from domain.pipelines.problems import PipelineError, PipelineProblem
from domain.pipelines.soundness import RESERVED
from domain.yaml.composing import compose
from domain.yaml.nodes import plain

_UNFIT = re.compile(r"[^A-Za-z0-9_]+")
_OPENING = re.compile(r"\{\{|\{%|\{#")
VENDORS = {
    **{
        name: name
        for name in ("openai", "anthropic", "google", "mistral", "deepseek", "groq", "cohere", "bedrock", "azure")
    },
    **{
        name: name
        for name in ("xai", "openrouter", "together", "fireworks", "ollama", "perplexity", "moonshot", "zhipuai")
    },
    "gemini": "google",
    "azure_openai": "azure",
    "mistralai": "mistral",
    "x": "xai",
}
"""What other systems call a vendor, and what a deployment of ours would."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was carried in another way, or not at all. `where` is the thing's name in the other system."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(slots=True)
class Imported:
    """A definition as plain values, ready to be read, and the notes of what it lacks."""

    document: dict[str, Any]
    notes: list[Note] = field(default_factory=list)

    def note(self, where: object, message: str) -> None:
        """Adds a note, once."""
        one = Note(str(where)[:100], message)
        if one not in self.notes:
            self.notes.append(one)


def loaded(text: str | bytes, source: str) -> dict[str, Any]:
    """A mapping in YAML or JSON. Raises PipelineError where it is none."""
    decoded = text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text
    node, found = compose(decoded, thing="what is imported", empty="there is nothing to import")
    problems = tuple(
        PipelineProblem(said, source, *((at.line, at.column) if at else (None, None))) for said, at in found
    )
    value = plain(node) if node is not None else None
    if isinstance(value, dict):
        return value
    raise PipelineError(problems or (PipelineProblem("a mapping of names is wanted here", source, 1, 1),))


def identifier(name: str, taken: Iterable[str], *, otherwise: str = "step") -> str:
    """A name that templates can say, like the one given, and not taken."""
    ascii_name = _UNFIT.sub("_", name.encode("ascii", "ignore").decode()).strip("_").lower()[:48]
    base = ascii_name if ascii_name and not ascii_name[0].isdigit() else ""
    base = base or otherwise
    used = {*taken, *RESERVED}
    if base not in used:
        return base
    return next(f"{base}_{at}" for at in range(2, len(used) + 3) if f"{base}_{at}" not in used)


def literal(text: str) -> str:
    """A text in which nothing is a template."""
    return _OPENING.sub(lambda found: "{{ '" + found[0] + "' }}", text)


def label(name: object, otherwise: str = "imported") -> str:
    """A name for people, on one line, without braces."""
    one = re.sub(r"[\s{}]+", " ", str(name)).strip()[:100].strip()
    return one or otherwise


def model_name(vendor: str, model: str) -> str | None:
    """`provider:model`, where the vendor is one that a deployment is likely to have."""
    known = VENDORS.get(vendor.rsplit("/", 1)[-1].lower())
    return f"{known}:{model}" if known is not None and model else None
