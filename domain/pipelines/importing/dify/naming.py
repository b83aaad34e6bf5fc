"""What a Dify selector is called in our language, as a template and as a condition say it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from domain.pipelines.importing.dify.app import App, Node
from domain.pipelines.importing.dify.outputs import NOTHING, Said, below, rest_of
from domain.pipelines.importing.imported import Imported, identifier, literal

_PLACE = re.compile(r"\{\{#([^#{}]+)#\}\}")
_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "secret": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "object": {"type": "object"},
    "array": {"type": "array"},
    "file": {"type": "object"},
}
_SYSTEM: dict[str, dict[str, Any]] = {
    "query": {"type": "string", "description": "What the user says."},
    "files": {
        "type": "array",
        "items": {"type": "object"},
        "default": [],
        "description": "Files with what the user says.",
    },
    "dialogue_count": {"type": "integer", "default": 0, "description": "How many rounds the conversation had before."},
}


def schema_of(kind: object) -> dict[str, Any]:
    """The JSON Schema of one of Dify's types; of one that is not known, anything."""
    word = str(kind or "").lower()
    if word.startswith("array"):
        inner = word.removeprefix("array").strip("[]")
        return {"type": "array", **({"items": _TYPES[inner]} if inner in _TYPES else {})}
    return dict(_TYPES.get(word, {}))


@dataclass(slots=True)
class Naming:
    """The names of an app's nodes and variables. Inputs come to be as they are referred to."""

    app: App
    imported: Imported
    ids: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    input_names: dict[tuple[str, ...], str] = field(default_factory=dict)

    def name_nodes(self) -> None:
        """Gives every node an id of ours: its title where that is in Latin letters, else its type."""
        for node in self.app.nodes.values():
            otherwise = re.sub(r"\W", "_", node.type) or "node"
            self.ids[node.id] = identifier(node.title, self.ids.values(), otherwise=otherwise)

    def input(self, selector: tuple[str, ...], wanted: str, schema: dict[str, Any]) -> str:
        """The input that stands for a variable."""
        if selector not in self.input_names:
            name = identifier(wanted, [*self.ids.values(), *self.inputs], otherwise="input")
            self.input_names[selector] = name
            self.inputs[name] = schema
        return self.input_names[selector]

    def said(self, selector: Any, reader: Node | None) -> Said:
        """What a selector (`[node, field, ...]`) is called where `reader` stands; None: at the end."""
        path = tuple(str(part) for part in selector) if isinstance(selector, list) else ()
        if len(path) < 2:
            return NOTHING
        match path[0]:
            case "sys":
                return self._plain(self._system(path), path[2:])
            case "env":
                return self._plain(self._variable(path, "env", self.app.environment), path[2:])
            case "conversation":
                return self._conversation(path, reader)
            case _:
                return self._node(path, reader)

    def template(self, text: Any, reader: Node | None, *, context: Any = None) -> str:
        """A text of Dify's, its places as references, and nothing else in it taken for a template."""
        if not isinstance(text, str):
            return "" if text is None else str(text)

        def place(found: re.Match[str]) -> Said:
            selector = found[1].strip().split(".")
            return self.said(context if selector == ["context"] else selector, reader)

        return filled(text, _PLACE, place)

    def _plain(self, name: str, rest: tuple[str, ...]) -> Said:
        return below(Said(name, name), rest)

    def _system(self, path: tuple[str, ...]) -> str:
        known = _SYSTEM.get(path[1])
        if known is None:
            said = f"Dify's sys.{path[1]}, which nothing fills in here"
            self.imported.note(f"sys.{path[1]}", "it is an input; nothing fills it in by itself")
            known = {"type": "string", "default": "", "description": said}
        return self.input(path[:2], path[1], known)

    def _variable(self, path: tuple[str, ...], group: str, said: list[dict[str, Any]]) -> str:
        found = next((one for one in said if one.get("name") == path[1]), None)
        if found is None:
            self.imported.note(".".join(path), "it is referred to and not declared; it is an input")
            return self.input(path[:2], f"{group}_{path[1]}", {"default": None})
        kind = found.get("value_type")
        schema = schema_of(kind)
        if kind == "secret":
            self.imported.note(".".join(path), "a secret became an input; better let a tool hold it")
        elif found.get("value") is not None:
            schema["default"] = _fitting(found["value"], schema)
        if found.get("description"):
            schema["description"] = str(found["description"])[:500]
        return self.input(path[:2], f"{group}_{path[1]}", schema)

    def _conversation(self, path: tuple[str, ...], reader: Node | None) -> Said:
        """A variable of the conversation: what was last assigned on the way here, or what it was when the run began."""
        name = self._variable(path, "conversation", self.app.conversation)
        said = Said(name, name)
        before = self.app.before(reader.id) if reader is not None else set(self.app.nodes)
        for node in (one for one in self.app.children(None) if one.type == "assigner" and one.id in before):
            if path[1] not in assigned(node):
                continue
            step = self.ids[node.id]
            said = Said(
                f"({step}.result[{path[1]!r}] if {step}.state == 'completed' else {said.jinja})",
                f"({step}.state == 'completed' ? {step}.result[{path[1]!r}] : {said.cel})",
            )
        return below(said, path[2:])

    def _node(self, path: tuple[str, ...], reader: Node | None) -> Said:
        node = self.app.nodes.get(path[0])
        if node is None:
            self.imported.note(".".join(path), "what this refers to is not in the app; it is empty")
            return NOTHING
        if node.type == "start":
            return self._plain(self.input(path[:2], path[1], {}), path[2:])
        within = reader
        while within is not None and within.parent is not None:
            if within.parent == node.id and path[1] in ("item", "index"):
                return below(Said(*[item_name(self.ids[node.id]) if path[1] == "item" else "index"] * 2), path[2:])
            within = self.app.nodes.get(within.parent)
        if node.parent is not None and not _sees(self.app, reader, node):
            self.imported.note(
                ".".join(path), "it is within an iteration and not seen from where it is referred to; it is empty"
            )
            return NOTHING
        if reader is not None and node.id not in self.app.before(reader.id):
            self.imported.note(
                ".".join(path), f"it does not run before {reader.title!r}, which refers to it; it is empty"
            )
            return NOTHING
        certain = reader is not None and node.id in self.app.certain(reader.id)
        return self._result(node, path[1:], certain=certain)

    def within(self, selector: Any, parent: Node) -> Said:
        """What a selector is called at the end of an iteration, seen from within."""
        path = tuple(str(part) for part in selector) if isinstance(selector, list) else ()
        inner = self.app.nodes.get(path[0]) if len(path) > 1 else None
        if inner is None or inner.parent != parent.id:
            return self.said(selector, self.app.children(parent.id)[-1])
        last = self.app.children(parent.id)[-1]
        return self._result(inner, path[1:], certain=inner is last or inner.id in self.app.certain(last.id))

    def _result(self, node: Node, path: tuple[str, ...], *, certain: bool) -> Said:
        step = self.ids[node.id]
        rest = rest_of(node, path)
        if rest is None:
            self.imported.note(f"{node.title}.{'.'.join(path)}", "a step here does not give this; it is empty")
            return NOTHING
        if rest == ("chosen", "by", "state"):
            return Said(f"({step}.state == 'completed')", f"({step}.state == 'completed')")
        whole = Said(f"{step}.result", f"{step}.result")
        if not rest:
            return whole
        if certain:
            return below(whole, rest)
        # What may have been skipped has no fields.
        inner = below(whole, rest)
        return Said(
            f"({inner.jinja} if {step}.state == 'completed' else none)",
            f"({step}.state == 'completed' ? {inner.cel} : null)",
        )


def filled(text: str, place: re.Pattern[str], said: Callable[[re.Match[str]], Said]) -> str:
    """A text with each place as a reference, and all else taken as it is."""
    parts: list[str] = []
    end = 0
    for found in place.finditer(text):
        parts.append(literal(text[end : found.start()]))
        one = said(found)
        if one is not NOTHING:
            parts.append("{{ " + one.jinja + " }}")
        end = found.end()
    parts.append(literal(text[end:]))
    return "".join(parts)


def item_name(step: str) -> str:
    """What an iteration's item is called in its steps."""
    return f"{step[:58]}_item"


def assigned(node: Node) -> dict[str, dict[str, Any]]:
    """What an assigner assigns: each conversation variable's name with how. Both versions of the node are read."""
    found: dict[str, dict[str, Any]] = {}
    items = node.data.get("items")
    if isinstance(items, list):
        for one in items:
            target = one.get("variable_selector") if isinstance(one, dict) else None
            if isinstance(target, list) and len(target) == 2:
                found[str(target[1])] = one
    target = node.data.get("assigned_variable_selector")
    if isinstance(target, list) and len(target) == 2:
        mode = node.data.get("write_mode")
        value = node.data.get("input_variable_selector")
        found[str(target[1])] = {"operation": mode, "input_type": "variable", "value": value}
    return found


def _sees(app: App, reader: Node | None, node: Node) -> bool:
    """A reader sees the nodes beside it, and beside what it stands in."""
    at = reader
    while at is not None:
        if at.parent == node.parent:
            return True
        at = app.nodes.get(at.parent) if at.parent is not None else None
    return False


def _fitting(value: Any, schema: dict[str, Any]) -> Any:
    match schema.get("type"):
        case "number" | "integer" if isinstance(value, str):
            try:
                return float(value) if "." in value else int(value)
            except ValueError:
                return 0
        case "string":
            return value if isinstance(value, str) else str(value)
        case "object":
            return value if isinstance(value, dict) else {}
        case "array":
            return value if isinstance(value, list) else []
        case "boolean":
            return bool(value)
        case _:
            return value
