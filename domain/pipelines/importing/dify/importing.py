"""A Dify app in our language."""

from typing import Any

from domain.pipelines.importing.dify.app import App, Node, read_app
from domain.pipelines.importing.dify.naming import Naming
from domain.pipelines.importing.dify.steps import Steps
from domain.pipelines.importing.imported import Imported, identifier, label

_FORMS: dict[str, dict[str, Any]] = {
    "number": {"type": "number"},
    "file": {"type": "object"},
    "file-list": {"type": "array", "items": {"type": "object"}},
    "checkbox": {"type": "boolean"},
}


def import_dify(text: str | bytes, *, source: str, model: str | None = None) -> Imported:
    """A workflow or chat flow in our language. A run is one turn of a chat flow: what the conversation keeps goes in and out.

    `model` is asked for everything, in place of what the nodes say. Raises PipelineError where there is no workflow.
    """
    app = read_app(text, source)
    imported = Imported({"version": 1, "name": label(app.name)})
    naming = Naming(app, imported)
    naming.name_nodes()
    for node in app.nodes.values():
        if node.type == "start":
            _form(node, naming)
    steps = Steps(app, naming, imported, model).of(None)
    outputs = _outputs(app, naming)
    document = imported.document
    if app.description.strip():
        document["description"] = app.description.strip()[:20_000]
    document["inputs"] = naming.inputs
    if outputs:
        document["outputs"] = outputs
    document["defaults"] = {"model": model or "auto"}
    document["steps"] = steps
    if app.silent:
        imported.note("notes", f"{app.silent} notes on the canvas are left out")
    return imported


def _form(start: Node, naming: Naming) -> None:
    """What the app asks for when it starts."""
    for one in start.entries("variables"):
        if not isinstance(one, dict) or not one.get("variable"):
            continue
        schema = dict(_FORMS.get(str(one.get("type")), {"type": "string"}))
        options = one.get("options")
        if one.get("type") == "select" and isinstance(options, list) and options:
            schema["enum"] = [str(option) for option in options]
        if one.get("label"):
            schema["description"] = str(one["label"])[:500]
        if not one.get("required"):
            schema.pop("enum", None)
            schema["default"] = one.get("default") or {"number": 0, "array": [], "object": {}, "boolean": False}.get(
                schema["type"], ""
            )
        naming.input((start.id, str(one["variable"])), str(one["variable"]), schema)


def _outputs(app: App, naming: Naming) -> dict[str, Any]:
    outputs: dict[str, Any] = {}
    ends = [node for node in app.children(None) if node.type == "end"]
    answers = [node for node in app.children(None) if node.type == "answer"]
    for node in ends:
        for one in node.entries("outputs"):
            name = str(one.get("variable") or "") if isinstance(one, dict) else ""
            if not name:
                continue
            said = f"({naming.ids[node.id]}.result[{name!r}] if {naming.ids[node.id]}.state == 'completed' else none)"
            ours = identifier(name, (), otherwise="output")
            before = outputs.get(ours)
            # Of several ends that name it, the one that was reached.
            outputs[ours] = "{{ " + (said if before is None else f"{before[2:-2].strip()} or {said}") + " }}"
    if answers:
        outputs[identifier("answer", outputs)] = "".join("{{ " + naming.ids[node.id] + ".result }}" for node in answers)
    for variable in app.conversation:
        name = str(variable.get("name") or "")
        if name:
            said = naming.said(["conversation", name], None).jinja
            outputs[identifier(f"conversation_{name}", outputs)] = "{{ " + said + " }}"
    return outputs
