"""A Dify app's DSL as nodes and edges, whatever it leaves out or says in an older way."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from domain.pipelines.importing.imported import loaded
from domain.pipelines.problems import PipelineError, PipelineProblem

ANY_WAY = "source"
_SILENT = {"custom-note", "", "iteration-start", "loop-start"}


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A node. `parent` is the iteration or loop that it stands in."""

    id: str
    type: str
    title: str
    data: dict[str, Any]
    parent: str | None

    def entries(self, name: str) -> list[dict[str, Any]]:
        """The mappings of a list in its data; none where it is no list."""
        return [one for one in _items(self.data.get(name)) if isinstance(one, dict)]


@dataclass(frozen=True, slots=True)
class Edge:
    """`way` is the source's outlet: a case, a class, or `source` where it has one alone."""

    source: str
    way: str
    target: str


@dataclass(eq=False)
class App:
    """An app: its nodes by id, in no order, and how control goes from one to the next."""

    name: str
    description: str
    mode: str
    nodes: dict[str, Node]
    edges: list[Edge]
    conversation: list[dict[str, Any]] = field(default_factory=list)
    environment: list[dict[str, Any]] = field(default_factory=list)
    silent: int = 0

    def into(self, node_id: str) -> list[Edge]:
        """The edges that lead to a node."""
        return self._into.get(node_id, [])

    @cached_property
    def _into(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {}
        for one in self.edges:
            found.setdefault(one.target, []).append(one)
        return found

    def children(self, parent: str | None) -> list[Node]:
        """The nodes directly in an iteration (None: in the app), each after those that lead to it."""
        return [node for node in self._ordered if node.parent == parent]

    @cached_property
    def _ordered(self) -> list[Node]:
        waiting = {name: {edge.source for edge in self.into(name)} & self.nodes.keys() for name in self.nodes}
        order: list[Node] = []
        while waiting:
            ready = [name for name, needs in waiting.items() if not needs] or [next(iter(waiting))]
            for name in ready:
                order.append(self.nodes[name])
                del waiting[name]
            for needs in waiting.values():
                needs.difference_update(ready)
        return order

    def before(self, node_id: str) -> set[str]:
        """All nodes from which control can come to this one, those before the iterations that it stands in included."""
        return self._before.get(node_id, set())

    @cached_property
    def _before(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for node in self._by_depth():
            above: set[str] = set()
            for edge in self.into(node.id):
                above |= {edge.source} | found.get(edge.source, set())
            if node.parent is not None:
                above |= found.get(node.parent, set())
            found[node.id] = above
        return found

    def certain(self, node_id: str) -> set[str]:
        """The nodes that have run for certain when this one runs."""
        return self._certain.get(node_id, set())

    @cached_property
    def _certain(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for node in self._by_depth():
            ways = [found.get(edge.source, set()) | {edge.source} for edge in self.into(node.id)]
            sure = set.intersection(*ways) if ways else set()
            if node.parent is not None:
                sure |= found.get(node.parent, set())
            found[node.id] = sure
        return found

    def _by_depth(self) -> Iterator[Node]:
        """In order, and those in an iteration after it."""
        later: list[Node] = []
        for node in self._ordered:
            if node.parent is None:
                yield node
            else:
                later.append(node)
        depth = {node.id: self._depth(node) for node in later}
        yield from sorted(later, key=lambda node: depth[node.id])

    def _depth(self, node: Node) -> int:
        count, seen = 0, {node.id}
        while node.parent is not None and node.parent in self.nodes and node.parent not in seen:
            node = self.nodes[node.parent]
            seen.add(node.id)
            count += 1
        return count


def read_app(text: str | bytes, source: str) -> App:
    """Read an app. Raises PipelineError where it has no workflow."""
    document = loaded(text, source)
    workflow = _mapping(document.get("workflow"))
    graph = _mapping(workflow.get("graph"))
    about = _mapping(document.get("app"))
    said = graph.get("nodes")
    if not isinstance(said, list) or not said:
        reason = f"the app is of mode {about.get('mode')!r}" if about.get("mode") else "it has no workflow"
        message = f"there are no nodes to import ({reason}); only workflows and chat flows have them"
        raise PipelineError((PipelineProblem(message, source, field="workflow.graph.nodes"),))
    nodes: dict[str, Node] = {}
    silent = 0
    for entry in said:
        node = _node(_mapping(entry))
        if node.type in _SILENT or not node.id:
            silent += node.type == "" or node.type == "custom-note"
        else:
            nodes[node.id] = node
    nodes = {one.id: one if one.parent in nodes else _moved(one) for one in nodes.values()}
    edges = [_edge(_mapping(entry)) for entry in _items(graph.get("edges"))]
    return App(
        name=str(about.get("name") or "imported"),
        description=str(about.get("description") or ""),
        mode=str(about.get("mode") or "workflow"),
        nodes=nodes,
        edges=list(dict.fromkeys(edge for edge in edges if edge.source in nodes and edge.target in nodes)),
        conversation=[_mapping(one) for one in _items(workflow.get("conversation_variables"))],
        environment=[_mapping(one) for one in _items(workflow.get("environment_variables"))],
        silent=silent,
    )


def _node(entry: dict[str, Any]) -> Node:
    data = _mapping(entry.get("data"))
    kind = str(data.get("type") or "")
    parent = entry.get("parentId") or data.get("iteration_id") or data.get("loop_id")
    title = str(data.get("title") or kind)
    return Node(str(entry.get("id") or ""), kind, title, data, str(parent) if parent else None)


def _moved(node: Node) -> Node:
    return node if node.parent is None else Node(node.id, node.type, node.title, node.data, None)


def _edge(entry: dict[str, Any]) -> Edge:
    return Edge(str(entry.get("source")), str(entry.get("sourceHandle") or ANY_WAY), str(entry.get("target")))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
