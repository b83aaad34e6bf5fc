"""Dify's nodes as steps."""

from typing import Any

from domain.pipelines.importing.dify.app import ANY_WAY, App, Edge, Node
from domain.pipelines.importing.dify.conditions import condition, file_condition, joined
from domain.pipelines.importing.dify.models import Models
from domain.pipelines.importing.dify.naming import Naming, assigned, item_name
from domain.pipelines.importing.dify.outputs import NOTHING, Said
from domain.pipelines.importing.imported import Imported, label

RETRIEVAL_TOOL = "retrieve"
HTTP_TOOL = "http_request"
DOCUMENT_TOOL = "files_read"
"""What our built-in tools are called that do what Dify's nodes do."""
_HTTP_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {"status": {"type": "integer"}, "headers": {"type": "object"}, "body": {}},
}


class Steps:
    """Makes the steps of an app."""

    def __init__(self, app: App, naming: Naming, imported: Imported, model: str | None) -> None:
        self.app = app
        self.naming = naming
        self.imported = imported
        self.models = Models(naming, imported, model)

    def of(self, parent: str | None) -> list[dict[str, Any]]:
        """The steps of an iteration, or (None) of the app."""
        return [self._step(node) for node in self.app.children(parent) if node.type != "start"]

    def _step(self, node: Node) -> dict[str, Any]:
        step: dict[str, Any] = {"id": self.naming.ids[node.id], "description": label(node.title, node.type)}
        step |= self._control(node)
        step |= self._kind(node)
        retry = node.data.get("retry_config")
        if isinstance(retry, dict) and retry.get("retry_enabled") and isinstance(retry.get("max_retries"), int):
            step["retry"] = {"attempts": max(1, min(retry["max_retries"] + 1, 100))}
        if node.data.get("error_strategy") in ("fail-branch", "default-value"):
            step["on_error"] = "continue"
            if node.data["error_strategy"] == "default-value":
                self.imported.note(node.title, "where it fails its result is null, and not its default value")
        return step

    def _kind(self, node: Node) -> dict[str, Any]:
        match node.type:
            case "llm":
                return self.models.llm(node)
            case "agent":
                return self.models.agent(node)
            case "parameter-extractor":
                return self.models.extractor(node)
            case "question-classifier":
                return self.models.classifier(node)
            case "code":
                return self.models.code(node)
            case "template-transform":
                return self.models.template(node)
            case "answer":
                return {"kind": "transform", "template": self.naming.template(node.data.get("answer"), node)}
            case "end":
                return {"kind": "transform", "value": self._ended(node)}
            case "if-else":
                return self._branch(node)
            case "tool":
                return self._tool(node)
            case "http-request":
                return self._http(node)
            case "knowledge-retrieval":
                return self._retrieval(node)
            case "variable-aggregator":
                return self._aggregated(node)
            case "assigner" | "variable-assigner":
                return self._assigned(node)
            case "iteration":
                return self._map(node)
            case "list-operator":
                return self._list(node)
            case "document-extractor":
                self.imported.note(node.title, "it reads files of the workspace by their path")
                path = self._value(node.data.get("variable_selector"), node)
                return {"kind": "tool", "tool": DOCUMENT_TOOL, "arguments": {"path": path}}
            case other:
                self.imported.note(
                    node.title, f"a node of type {other!r} has no meaning here; a tool of that name has to do it"
                )
                return {"kind": "tool", "tool": f"dify_{label(other).replace('-', '_')}"}

    def _control(self, node: Node) -> dict[str, Any]:
        """What has to have run, and by which way. A node runs when control reaches it by any of its edges."""
        edges = [edge for edge in self.app.into(node.id) if self.app.nodes[edge.source].parent == node.parent]
        if not edges or any(self.app.nodes[edge.source].type == "start" for edge in edges):
            return {}
        control: dict[str, Any] = {"needs": list(dict.fromkeys(self.naming.ids[edge.source] for edge in edges))}
        if any(edge.way != ANY_WAY for edge in edges):
            control["when"] = " || ".join(self._way(edge) for edge in edges)
        return control

    def _way(self, edge: Edge) -> str:
        step = self.naming.ids[edge.source]
        kind = self.app.nodes[edge.source].type
        match edge.way:
            case "source" | "success-branch":
                return f'{step}.state == "completed"'
            case "fail-branch":
                return f'{step}.state == "failed"'
            case way:
                field = "result.class_id" if kind == "question-classifier" else "result"
                quoted = label(way, "false").replace('"', "'")
                return f'({step}.state == "completed" && {step}.{field} == "{quoted}")'

    def _branch(self, node: Node) -> dict[str, Any]:
        said = node.data.get("cases")
        entries = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
        if not entries:
            entries = [{"case_id": "true", **{key: node.data.get(key) for key in ("conditions", "logical_operator")}}]
        cases = []
        for entry in entries:
            conditions = entry.get("conditions")
            when = joined(
                conditions if isinstance(conditions, list) else [],
                entry.get("logical_operator"),
                lambda one: condition(one, lambda selector: self.naming.said(selector, node).cel, self._refused(node)),
            )
            name = label(entry.get("case_id") or entry.get("id") or "true")
            cases.append({"name": name, "when": _reading(when)})
        return {"kind": "branch", "cases": cases, "otherwise": {"result": "false"}}

    def _tool(self, node: Node) -> dict[str, Any]:
        name = label(node.data.get("tool_name") or node.title)
        arguments: dict[str, Any] = {}
        settings = node.data.get("tool_configurations")
        for field, value in settings.items() if isinstance(settings, dict) else []:
            arguments[str(field)] = self._argument(value, node)
        given = node.data.get("tool_parameters")
        for field, value in given.items() if isinstance(given, dict) else []:
            arguments[str(field)] = self._argument(value, node)
        self.imported.note(
            node.title,
            f"the tool {name!r} of {label(node.data.get('provider_name'), 'its provider')} has to be registered",
        )
        return {"kind": "tool", "tool": name, "arguments": arguments}

    def _argument(self, value: Any, node: Node) -> Any:
        if not isinstance(value, dict) or "type" not in value:
            return self.naming.template(value, node) if isinstance(value, str) else value
        match value["type"]:
            case "variable":
                return self._value(value.get("value"), node)
            case "mixed":
                return self.naming.template(value.get("value"), node)
            case _:
                inner = value.get("value")
                return self.naming.template(inner, node) if isinstance(inner, str) else inner

    def _http(self, node: Node) -> dict[str, Any]:
        data = node.data
        arguments: dict[str, Any] = {
            "method": str(data.get("method") or "get").upper(),
            "url": self.naming.template(data.get("url"), node),
        }
        for field, ours in (("headers", "headers"), ("params", "query")):
            pairs = self._pairs(data.get(field), node)
            if pairs:
                arguments[ours] = pairs
        body = data.get("body")
        if isinstance(body, dict) and body.get("type") not in (None, "none"):
            arguments["body"] = self._body(body.get("data"), node)
        authorization = data.get("authorization")
        if isinstance(authorization, dict) and authorization.get("type") not in (None, "no-auth"):
            self.imported.note(node.title, "its key is not carried; register the host with a secret")
        self.imported.note(node.title, "the host has to be registered before it is asked")
        return {"kind": "tool", "tool": HTTP_TOOL, "arguments": arguments, "output": _HTTP_ANSWER}

    def _pairs(self, text: Any, node: Node) -> dict[str, str]:
        lines = text.splitlines() if isinstance(text, str) else []
        split = [line.partition(":") for line in lines if line.strip()]
        return {name.strip(): self.naming.template(value.strip(), node) for name, _, value in split if name.strip()}

    def _body(self, data: Any, node: Node) -> str:
        if isinstance(data, list):
            return "\n".join(self.naming.template(one.get("value"), node) for one in data if isinstance(one, dict))
        return self.naming.template(data, node)

    def _retrieval(self, node: Node) -> dict[str, Any]:
        self.imported.note(
            node.title,
            "its documents have to be stored here under the same collections; what Dify calls `content` is `text`",
        )
        query = self._value(node.data.get("query_variable_selector"), node)
        config, datasets = node.data.get("multiple_retrieval_config"), node.data.get("dataset_ids")
        top = config.get("top_k") if isinstance(config, dict) else None
        arguments = {
            "query": query,
            "collections": [str(one) for one in datasets] if isinstance(datasets, list) else [],
        }
        return {
            "kind": "tool",
            "tool": RETRIEVAL_TOOL,
            "arguments": arguments | ({"limit": top} if isinstance(top, int) else {}),
        }

    def _aggregated(self, node: Node) -> dict[str, Any]:
        settings = node.data.get("advanced_settings")
        groups = settings.get("groups") if isinstance(settings, dict) and settings.get("group_enabled") else None
        if isinstance(groups, list):
            value = {
                str(one.get("group_name")): self._first(one.get("variables"), node)
                for one in groups
                if isinstance(one, dict)
            }
            return {"kind": "transform", "value": value}
        return {"kind": "transform", "value": self._first(node.data.get("variables"), node)}

    def _first(self, selectors: Any, node: Node) -> str:
        """The first that is there."""
        found = [self.naming.said(one, node) for one in (selectors if isinstance(selectors, list) else [])]
        said = "none"
        for one in reversed([one for one in found if one is not NOTHING]):
            said = f"{one.jinja} if {one.jinja} is not none else ({said})"
        return "{{ " + said + " }}"

    def _assigned(self, node: Node) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for name, one in assigned(node).items():
            now = self.naming.said(["conversation", name], node).jinja
            given = self._value(one.get("value"), node) if one.get("input_type") != "constant" else one.get("value")
            match str(one.get("operation") or one.get("write_mode") or "over-write"):
                case "over-write" | "set":
                    value[name] = given
                case "clear":
                    value[name] = ""
                case "append" if isinstance(given, str) and given.startswith("{{"):
                    value[name] = "{{ " + f"({now} or []) + [{given[2:-2].strip()}]" + " }}"
                case other:
                    self.imported.note(
                        node.title, f"the operation {label(other)!r} on {name!r} is carried as setting it"
                    )
                    value[name] = given
        return {"kind": "transform", "value": value or {"nothing": True}}

    def _map(self, node: Node) -> dict[str, Any]:
        steps = self.of(node.id)
        if not steps:
            self.imported.note(node.title, "there are no steps in it; it gives the list itself")
            return {"kind": "transform", "value": self._value(node.data.get("iterator_selector"), node)}
        parallel = node.data.get("parallel_nums") if node.data.get("is_parallel") else 1
        errors = {"remove-abnormal-output": "drop", "continue-on-error": "keep"}
        selector = node.data.get("output_selector")
        result = self.naming.within(selector, node) if isinstance(selector, list) else NOTHING
        return {
            "kind": "map",
            "over": self._value(node.data.get("iterator_selector"), node),
            "as": item_name(self.naming.ids[node.id]),
            "concurrency": max(1, min(parallel, 1_000)) if isinstance(parallel, int) else 1,
            "on_item_error": errors.get(str(node.data.get("error_handle_mode")), "fail"),
            "steps": steps,
            **({"result": "{{ " + result.jinja + " }}"} if result is not NOTHING else {}),
        }

    def _list(self, node: Node) -> dict[str, Any]:
        said = self.naming.said(node.data.get("variable"), node).cel
        filtering = node.data.get("filter_by")
        if isinstance(filtering, dict) and filtering.get("enabled"):
            entries = filtering.get("conditions")
            tests = [one for one in (entries if isinstance(entries, list) else []) if isinstance(one, dict)]
            said = f"{said}.filter(f, {joined(tests, 'and', lambda one: file_condition(one, self._refused(node)))})"
        if any(
            isinstance(node.data.get(name), dict) and node.data[name].get("enabled")
            for name in ("order_by", "extract_by")
        ):
            self.imported.note(node.title, "its order is not carried")
        limit = node.data.get("limit")
        if isinstance(limit, dict) and limit.get("enabled") and isinstance(limit.get("size"), int):
            said = f"size({said}) > {limit['size']} ? {said}.slice(0, {limit['size']}) : {said}"
        return {"kind": "transform", "cel": _reading(said), "output": {"type": "array"}}

    def _ended(self, node: Node) -> dict[str, Any]:
        return {
            str(one.get("variable")): self._value(one.get("value_selector"), node)
            for one in node.entries("outputs")
            if isinstance(one, dict)
        } or {"done": True}

    def _value(self, selector: Any, node: Node) -> Any:
        said: Said = self.naming.said(selector, node)
        return "" if said is NOTHING else "{{ " + said.jinja + " }}"

    def _refused(self, node: Node) -> Any:
        return lambda message: self.imported.note(node.title, message)


def _reading(when: str) -> str:
    """A condition no longer than may be."""
    return when if len(when) <= 2_000 else "false"
