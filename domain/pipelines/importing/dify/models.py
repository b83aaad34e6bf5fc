"""Dify's nodes that ask a model: LLM, agent, parameter extractor, question classifier, and code, which a model stands in for."""

import json
import re
from typing import Any

from domain.pipelines.importing.dify.app import Node
from domain.pipelines.importing.dify.naming import Naming, filled, schema_of
from domain.pipelines.importing.imported import Imported, label, literal, model_name

_SLOT = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_SAID = {"temperature", "max_tokens", "response_format"}
_LOOSE: dict[str, Any] = {"type": "object"}


class Models:
    """Makes steps of nodes that ask a model. `model` is asked for everything, in place of what the nodes say."""

    def __init__(self, naming: Naming, imported: Imported, model: str | None) -> None:
        self.naming = naming
        self.imported = imported
        self.model = model

    def llm(self, node: Node) -> dict[str, Any]:
        """An answer in text, or by a schema where the node has one."""
        data = node.data
        step: dict[str, Any] = {"kind": "agent", "max_steps": 1, **self._asked(node, data.get("model"))}
        context = data.get("context")
        selector = context.get("variable_selector") if isinstance(context, dict) and context.get("enabled") else None
        instructions, said = self._messages(node, data.get("prompt_template"), selector)
        memory = data.get("memory")
        if isinstance(memory, dict):
            self.imported.note(node.title, "the conversation so far is not shown to it; a pipeline's run has none")
            query = memory.get("query_prompt_template")
            if isinstance(query, str) and query.strip():
                said.append(("user", self.naming.template(query, node, context=selector)))
        if not any(role == "user" for role, _ in said) and "chat" in self.naming.app.mode:
            said.append(("user", "{{ " + self.naming.said(["sys", "query"], node).jinja + " }}"))
        if instructions:
            step["instructions"] = instructions
        if said and said[-1][0] == "user":
            step["prompt"] = said.pop()[1]
        if said:
            step["messages"] = [{"role": role, "content": text} for role, text in said]
        if not instructions and "prompt" not in step and not said:
            step["prompt"] = literal(node.title)
        structured = data.get("structured_output")
        if (
            data.get("structured_output_enabled")
            and isinstance(structured, dict)
            and isinstance(structured.get("schema"), dict)
        ):
            step["output"] = structured["schema"]
        vision = data.get("vision")
        if isinstance(vision, dict) and vision.get("enabled"):
            self.imported.note(node.title, "images are not handed to it")
        return step

    def agent(self, node: Node) -> dict[str, Any]:
        """An agent with tools."""
        given = node.data.get("agent_parameters")
        said = (
            {name: one.get("value") for name, one in given.items() if isinstance(one, dict)}
            if isinstance(given, dict)
            else {}
        )
        step: dict[str, Any] = {"kind": "agent", **self._asked(node, said.pop("model", None))}
        instruction = self.naming.template(said.pop("instruction", None), node)
        if instruction:
            step["instructions"] = instruction
        query = self.naming.template(said.pop("query", None), node)
        step["prompt"] = query or literal(node.title)
        tools = said.pop("tools", None)
        names = [
            label(one.get("tool_name"))
            for one in (tools if isinstance(tools, list) else [])
            if isinstance(one, dict) and one.get("enabled", True)
        ]
        if names:
            step["tools"] = names
            self.imported.note(node.title, f"its tools ({', '.join(names)}) have to be registered under these names")
        steps = said.pop("maximum_iterations", None)
        if isinstance(steps, int) and 1 <= steps <= 1_000:
            step["max_steps"] = steps
        if node.data.get("agent_strategy_name"):
            self.imported.note(node.title, f"its strategy {str(node.data['agent_strategy_name'])[:50]!r} is ours")
        for name in sorted(said):
            self.imported.note(node.title, f"not carried: {label(name)}")
        return step

    def extractor(self, node: Node) -> dict[str, Any]:
        """Named values out of a text."""
        properties, required = {}, []
        for one in node.entries("parameters"):
            if not isinstance(one, dict) or not one.get("name"):
                continue
            shape = schema_of("string" if one.get("type") == "select" else one.get("type"))
            if isinstance(one.get("options"), list) and one["options"]:
                shape["enum"] = [str(option) for option in one["options"]]
            if one.get("description"):
                shape["description"] = str(one["description"])
            properties[str(one["name"])] = shape
            required.append(str(one["name"]))
        instruction = self.naming.template(node.data.get("instruction"), node)
        text = "{{ " + self.naming.said(node.data.get("query"), node).jinja + " }}"
        step = {
            "kind": "generate",
            **self._asked(node, node.data.get("model")),
            "prompt": text,
            "schema": _object(properties, required),
        }
        return {**step, "instructions": instruction} if instruction else step

    def classifier(self, node: Node) -> dict[str, Any]:
        """One of several classes. Its id says where control goes."""
        classes = [one for one in node.entries("classes") if isinstance(one, dict) and one.get("id") is not None]
        told = "\n".join(f"* {one['id']}: {self.naming.template(str(one.get('name') or ''), node)}" for one in classes)
        instruction = self.naming.template(node.data.get("instruction") or node.data.get("instructions"), node)
        properties = {
            "class_id": {
                "enum": [str(one["id"]) for one in classes] or ["none"],
                "description": "The class, by its id.",
            },
            "class": {"type": "string", "description": "The class, by its name."},
        }
        return {
            "kind": "generate",
            **self._asked(node, node.data.get("model")),
            "instructions": "\n\n".join(
                part for part in ("To which of these classes does it belong?\n" + told, instruction) if part
            ),
            "prompt": "{{ " + self.naming.said(node.data.get("query_variable_selector"), node).jinja + " }}",
            "schema": _object(properties, ["class_id", "class"]),
        }

    def code(self, node: Node) -> dict[str, Any]:
        """A program. Nothing here runs programs, and a model is asked for what it would give: a stopgap, and told as such."""
        outputs = node.data.get("outputs")
        properties = {
            str(name): schema_of(one.get("type")) if isinstance(one, dict) else {}
            for name, one in (outputs.items() if isinstance(outputs, dict) else [])
        }
        given = {
            str(one.get("variable")): "{{ " + self.naming.said(one.get("value_selector"), node).jinja + " }}"
            for one in node.entries("variables")
            if isinstance(one, dict)
        }
        shown = "\n".join(f"{name} = {value}" for name, value in given.items())
        language = str(node.data.get("code_language") or "python3")
        self.imported.note(
            node.title,
            f"its {label(language)} program is not run: a model is asked what it would give. Put a tool in its place",
        )
        source = literal(str(node.data.get("code") or ""))
        return {
            "kind": "generate",
            "instructions": "Say exactly what the function `main` of this program returns for the arguments given.\n\n"
            f"```{label(language)}\n{source}\n```",
            "prompt": shown or "There are no arguments.",
            "schema": _object(properties, list(properties)) if properties else _LOOSE,
            "temperature": 0,
        }

    def template(self, node: Node) -> dict[str, Any]:
        """A Jinja template with variables of its own."""
        variables = {
            str(one.get("variable")): "{{ " + self.naming.said(one.get("value_selector"), node).jinja + " }}"
            for one in node.entries("variables")
            if isinstance(one, dict) and str(one.get("variable") or "").isidentifier()
        }
        text = str(node.data.get("template") or "")
        return {"kind": "transform", **({"variables": variables} if variables else {}), "template": text}

    def _messages(self, node: Node, said: Any, context: Any) -> tuple[str, list[tuple[str, str]]]:
        """The system's words, and the others in their order."""
        entries = said if isinstance(said, list) else [{"role": "user", **said}] if isinstance(said, dict) else []
        system: list[str] = []
        others: list[tuple[str, str]] = []
        for one in entries:
            if not isinstance(one, dict):
                continue
            text = self._message(node, one, context)
            role = one.get("role")
            if not text.strip():
                continue
            if role == "system":
                system.append(text)
            else:
                others.append(("assistant" if role == "assistant" else "user", text))
        return "\n\n".join(system), others

    def _message(self, node: Node, one: dict[str, Any], context: Any) -> str:
        if one.get("edition_type") != "jinja2" or not one.get("jinja2_text"):
            return self.naming.template(one.get("text"), node, context=context)
        config = node.data.get("prompt_config")
        variables = config.get("jinja2_variables") if isinstance(config, dict) else None
        selectors = {
            str(entry.get("variable")): entry.get("value_selector")
            for entry in variables or []
            if isinstance(entry, dict)
        }
        self.imported.note(node.title, "of its Jinja prompt only plain names are carried")
        return filled(str(one["jinja2_text"]), _SLOT, lambda found: self.naming.said(selectors.get(found[1]), node))

    def _asked(self, node: Node, model: Any) -> dict[str, Any]:
        """The model and its settings."""
        asked: dict[str, Any] = {}
        if not isinstance(model, dict):
            return asked
        vendor, name = str(model.get("provider") or ""), str(model.get("name") or model.get("model") or "")
        known = model_name(vendor, name) if self.model is None else None
        if known is not None:
            asked["model"] = known
        elif self.model is None and name:
            self.imported.note(node.title, f"the model {label(name)!r} is of no vendor known here; `auto` is asked")
        settings = model.get("completion_params")
        for field, value in settings.items() if isinstance(settings, dict) else []:
            if field == "temperature" and isinstance(value, int | float):
                asked["temperature"] = max(0, min(value, 2))
            elif field == "max_tokens" and isinstance(value, int) and value > 0:
                asked["max_output_tokens"] = min(value, 1_000_000)
            elif field not in _SAID:
                self.imported.note(node.title, f"not carried: {label(field)} of the model")
        return asked


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    return json.loads(json.dumps(schema))  # type: ignore[no-any-return]
