"""What Dify calls a node's outputs, and where they are in the result of a step."""

import re
from dataclasses import dataclass

from domain.pipelines.importing.dify.app import Node

_FIELD = re.compile(r"[A-Za-z_]\w*\Z")


@dataclass(frozen=True, slots=True)
class Said:
    """An expression in both languages. `cel` gives null where what it reads did not run."""

    jinja: str
    cel: str


NOTHING = Said("''", "null")


def rest_of(node: Node, path: tuple[str, ...]) -> tuple[str, ...] | None:
    """Where in a step's result one of Dify's outputs is; None where it is nowhere."""
    first, more = path[0], path[1:]
    match node.type, first:
        case (
            ("llm", "text")
            | ("agent", "text" | "json")
            | ("template-transform", "output")
            | ("document-extractor", "text")
        ):
            return more
        case ("tool", "text" | "json" | "files") | ("iteration" | "loop", "output"):
            return more
        case ("knowledge-retrieval", "result"):
            return ("passages", *more)
        case ("llm", "structured_output") | ("list-operator", "result"):
            return more
        case ("http-request", "body" | "headers"):
            return (first, *more)
        case ("http-request", "status_code"):
            return ("status",)
        case ("question-classifier", "class_name"):
            return ("class",)
        case ("question-classifier", "class_id"):
            return ("class_id",)
        case ("parameter-extractor", "__is_success"):
            return ("chosen", "by", "state")
        case ("parameter-extractor" | "code", _):
            return (first, *more)
        case ("list-operator", "first_record"):
            return ("0", *more)
        case ("list-operator", "last_record"):
            return ("-1", *more)
        case ("variable-aggregator", "output"):
            return more
        case ("variable-aggregator", _):
            return (first, *more[1:]) if more[:1] == ("output",) else (first, *more)
        case (_, "text" | "output" | "result") if node.type not in ("llm", "agent", "http-request"):
            return more
        case _:
            return None


def below(said: Said, rest: tuple[str, ...]) -> Said:
    """A field, or an item, of what an expression gives."""
    jinja, cel = said.jinja, said.cel
    for part in rest:
        if _FIELD.match(part) and part not in ("items", "keys", "values", "get", "in", "as"):
            jinja, cel = f"{jinja}.{part}", f"{cel}.{part}"
        elif part.lstrip("-").isdigit():
            last = part.startswith("-")
            jinja, cel = f"{jinja}[{part}]", f"{cel}[size({cel}) - 1]" if last else f"{cel}[{part}]"
        else:
            jinja, cel = f"{jinja}[{part!r}]", f"{cel}[{part!r}]"
    return Said(jinja, cel)
