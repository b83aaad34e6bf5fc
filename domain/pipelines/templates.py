"""Templates: parsed once for what they refer to, rendered in a sandbox where nothing undefined passes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError

from contracts.pipelines.plan import Reference
from domain.pipelines.sandbox import LARGEST, sandbox, shown
from domain.yaml.explaining import near

_TEXT = sandbox(shown)
_VALUES = sandbox(lambda value: value)
_DEEPEST = 50
_REFUSED: dict[type[nodes.Node], str] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "import",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
}


class UnfitTemplateError(ValueError):
    """A template that cannot be read, or not be rendered. The message never holds what it was rendered with."""


@dataclass(frozen=True, slots=True)
class Template:
    """A text that was parsed. `expression` is the one expression that it consists of, where it does; `references` are sorted."""

    text: str
    references: tuple[Reference, ...]
    expression: nodes.Expr | None = None
    inner: str | None = None

    @property
    def plain(self) -> bool:
        """There is nothing to render in it."""
        return "{{" not in self.text and "{%" not in self.text and "{#" not in self.text


@lru_cache(maxsize=4_096)
def parsed(text: str) -> Template:
    """Parse a text. Raises UnfitTemplateError."""
    if not ("{{" in text or "{%" in text or "{#" in text):
        return Template(text, ())
    _refuse_depth(text)
    try:
        tree = _TEXT.parse(text)
        _TEXT.compile(text)
    except TemplateSyntaxError as error:
        raise UnfitTemplateError(_said(error, text)) from None
    except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError) as error:
        raise UnfitTemplateError(f"the template cannot be compiled ({type(error).__name__}); make it simpler") from None
    refuse_statements(tree)
    expression, inner = _alone(tree, text)
    return Template(text, tuple(sorted(set(_references(tree)), key=str)), expression, inner)


def refuse_statements(tree: nodes.Template) -> None:
    """Raises UnfitTemplateError for statements that could load, loop or grow without bound."""
    for kind, word in _REFUSED.items():
        if tree.find(kind) is not None:
            raise UnfitTemplateError(f"{{% {word} %}} is not taken here; a transform step can hold what is used twice")
    if any(name.name == "self" for name in tree.find_all(nodes.Name)):
        raise UnfitTemplateError("'self' has no meaning here")
    for loop in tree.find_all(nodes.For):
        if loop.recursive:
            raise UnfitTemplateError("a loop in a template cannot be recursive")


def rendered(value: Any, names: Mapping[str, Any]) -> Any:
    """A value with its templates filled in. A text of one reference alone is what it refers to; other texts stay texts.

    Raises UnfitTemplateError where something is undefined or not allowed.
    """
    if isinstance(value, str):
        return _filled(value, names)
    if isinstance(value, Mapping):
        return {name: rendered(inner, names) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rendered(inner, names) for inner in value]
    return value


def rendered_text(text: str, names: Mapping[str, Any]) -> str:
    """A text with its templates filled in, always as text. Raises UnfitTemplateError."""
    template = parsed(text)
    return text if template.plain else _as_text(template, names)


def _filled(text: str, names: Mapping[str, Any]) -> Any:
    template = parsed(text)
    if template.plain:
        return text
    if template.inner is None:
        return _as_text(template, names)
    return _guarded(lambda: _values(_VALUES.compile_expression(template.inner or "", False)(**names)))


def _as_text(template: Template, names: Mapping[str, Any]) -> str:
    def joined() -> str:
        parts: list[str] = []
        size = 0
        for part in _TEXT.from_string(template.text).generate(**names):
            size += len(part)
            if size > LARGEST:
                raise SecurityError(f"the text becomes longer than {LARGEST:,} characters")
            parts.append(part)
        return "".join(parts)

    return str(_guarded(joined))


def _guarded(work: Any) -> Any:
    try:
        return work()
    except UndefinedError as error:
        raise UnfitTemplateError(f"{error.message}; it may have been skipped, or not said") from None
    except TemplateError as error:
        raise UnfitTemplateError(str(error.message)) from None
    except (ArithmeticError, RecursionError, MemoryError, TypeError, ValueError, LookupError, AttributeError) as error:
        # Its words may quote what the template was rendered with.
        raise UnfitTemplateError(f"an expression does not fit its values ({type(error).__name__})") from None


def _values(value: Any) -> Any:
    """What an expression gave, as plain JSON values."""
    if isinstance(value, Mapping):
        return {str(name): _values(inner) for name, inner in value.items()}
    if isinstance(value, str | bool | int | float) or value is None:
        return value
    if isinstance(value, list | tuple | Iterator) or hasattr(value, "__iter__"):
        found = []
        for one in value:
            found.append(_values(one))
            if len(found) > LARGEST:
                raise SecurityError(f"a list becomes longer than {LARGEST:,} items")
        return found
    # An undefined value complains when it is made text.
    return str(value)


def _alone(tree: nodes.Template, text: str) -> tuple[nodes.Expr | None, str | None]:
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return None, None
    shown_parts = [
        one for one in tree.body[0].nodes if not (isinstance(one, nodes.TemplateData) and not one.data.strip())
    ]
    if len(shown_parts) != 1 or isinstance(shown_parts[0], nodes.TemplateData):
        return None, None
    stripped = text.strip()
    if not (stripped.startswith("{{") and stripped.endswith("}}")):
        return None, None
    return shown_parts[0], stripped[2:-2].strip("-+ \t\r\n") if stripped[2:3] in "-+" else stripped[2:-2].rstrip("-+")


def _references(tree: nodes.Node) -> Iterator[Reference]:
    from jinja2.meta import find_undeclared_variables

    free = find_undeclared_variables(tree) - {"range"}  # type: ignore[arg-type]
    yield from _chains(tree, free)


def _chains(node: nodes.Node, free: set[str]) -> Iterator[Reference]:
    found = reference_of(node)
    if found is not None:
        if found.root in free:
            yield found
        return
    for child in node.iter_child_nodes():
        yield from _chains(child, free)


def reference_of(node: nodes.Node) -> Reference | None:
    """The reference that an expression is, if it is no more than that: names and fields, and items said as they are."""
    path: list[str | int] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getattr):
            path.append(node.attr)
        elif isinstance(node.arg, nodes.Const) and type(node.arg.value) in (str, int):
            path.append(node.arg.value)
        else:
            return None
        node = node.node
    if isinstance(node, nodes.Name) and node.ctx == "load":
        return Reference(root=node.name, path=tuple(reversed(path)))
    return None


def _refuse_depth(text: str) -> None:
    depth = 0
    for mark in text:
        depth += (mark in "([{") - (mark in ")]}")
        if depth > _DEEPEST * 2:
            raise UnfitTemplateError("brackets are nested too deep")


def _said(error: TemplateSyntaxError, text: str) -> str:
    message = str(error.message or "the template cannot be read").rstrip(".")[:300]
    where = f" (line {error.lineno} of the text)" if "\n" in text.strip() else ""
    hint = ""
    if message.startswith("No filter named"):
        hint = "." + (
            near(message.split("'")[1], sorted(_TEXT.filters)) or f" There are: {', '.join(sorted(_TEXT.filters))}."
        )
    return f"this is not a template: {message}{where}{hint}"
