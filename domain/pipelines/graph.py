"""What waits for what: needs, gates, cycles, and an order that respects them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from contracts.pipelines.plan import Reference
from contracts.pipelines.steps import Fallback
from domain.pipelines.outline import Body, Located, Outline
from domain.pipelines.parsing import Parsed
from domain.yaml.explaining import Fault, near


@dataclass(slots=True)
class Linked:
    """A step's place in the graph of its body. `needs` and `gates` are ids of steps of the same body, as they were met."""

    located: Located
    needs: dict[str, None] = field(default_factory=dict)
    gates: dict[str, None] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    fallback: str | None = None
    stands_in_for: str | None = None


@dataclass(slots=True)
class Graph:
    """Every step by id, the order of each body by its identity, and what is wrong."""

    steps: dict[str, Linked] = field(default_factory=dict)
    order: dict[int, list[Linked]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def body(self, body: Body) -> list[Linked]:
        """A body's steps, each after what it needs; those of a cycle come last, as they are written."""
        return self.order[id(body)]


def graph_of(outline: Outline, parsed: Parsed) -> Graph:
    """Work out what each step waits for."""
    graph = Graph()
    read = _all_references(outline, parsed)
    for body in reversed(list(outline.bodies())):
        siblings = {one.step.id: one for one in body.steps}
        linked = {one.step.id: _linked(one, siblings, read[id(one)], graph) for one in siblings.values()}
        _fallbacks(linked, graph)
        graph.steps |= linked
        graph.order[id(body)] = _ordered(linked, graph)
    return graph


def _all_references(outline: Outline, parsed: Parsed) -> dict[int, tuple[Reference, ...]]:
    """What each step reads, what stands in its bodies included. Ids are unique, so that names need no scope here."""
    read: dict[int, dict[Reference, None]] = {}
    for body in reversed(list(outline.bodies())):
        for one in body.steps:
            own = read.setdefault(id(one), {})
            own.update(dict.fromkeys(ref for reading in parsed.of(one) for ref in reading.references))
            if body.owner is not None:
                read.setdefault(id(body.owner), {}).update(own)
    return {step: tuple(sorted(found, key=str)) for step, found in read.items()}


def _linked(one: Located, siblings: dict[str, Located], read: tuple[Reference, ...], graph: Graph) -> Linked:
    linked = Linked(one, references=read)
    for at, name in enumerate(one.step.needs or ()):
        if name == one.step.id:
            graph.faults.append(Fault((*one.path, "needs", at), "a step cannot need itself"))
        elif name in siblings:
            linked.needs[name] = None
        else:
            hint = near(name, list(siblings)[:500]) if len(graph.faults) < 50 else ""
            said = f"no step beside this one has the id {name[:100]!r}.{hint}"
            graph.faults.append(Fault((*one.path, "needs", at), said))
    own_reads = dict.fromkeys(ref.root for ref in read if ref.root in siblings and ref.root != one.step.id)
    linked.gates = dict(linked.needs) if one.step.needs is not None else dict(own_reads)
    linked.needs.update(own_reads)
    return linked


def _fallbacks(linked: dict[str, Linked], graph: Graph) -> None:
    for name, one in linked.items():
        on_error = one.located.step.on_error
        if not isinstance(on_error, Fallback):
            continue
        path = (*one.located.path, "on_error", "fallback")
        other = linked.get(on_error.fallback)
        if other is None:
            hint = near(on_error.fallback, list(linked)[:500])
            graph.faults.append(Fault(path, f"no step beside this one has the id {on_error.fallback!r}.{hint}"))
        elif other is one:
            graph.faults.append(Fault(path, "a step cannot be its own fallback; retry it instead"))
        elif other.stands_in_for is not None:
            said = f"{on_error.fallback!r} is the fallback of {other.stands_in_for!r} already; a step stands in for one other"
            graph.faults.append(Fault(path, said))
        else:
            one.fallback, other.stands_in_for = on_error.fallback, name
    for name, one in linked.items():
        if one.stands_in_for is None:
            continue
        # It runs on the failure of what it stands in for, which needs no waiting of its own kind.
        one.needs.pop(one.stands_in_for, None)
        one.gates.pop(one.stands_in_for, None)
        for reader in linked.values():
            if name in reader.needs:
                said = f"{name!r} runs only when {one.stands_in_for!r} fails, and its result is then that one's; refer to that"
                graph.faults.append(Fault((*reader.located.path, "id"), said))


def _ordered(linked: dict[str, Linked], graph: Graph) -> list[Linked]:
    """Kahn's order, the steps as they are written where nothing says otherwise. A fallback comes before what it stands in for,
    since what waits for that waits for both.
    """
    before = {
        name: {need for need in one.needs if need in linked} | ({one.fallback} if one.fallback else set())
        for name, one in linked.items()
    }
    after: dict[str, list[str]] = {name: [] for name in linked}
    for name, needs in before.items():
        for need in needs:
            after[need].append(name)
    waiting = {name: len(needs) for name, needs in before.items()}
    place = {name: at for at, name in enumerate(linked)}
    ready = sorted((name for name, count in waiting.items() if not count), key=place.__getitem__)
    order: list[Linked] = []
    while ready:
        name = ready.pop(0)
        order.append(linked[name])
        freed = []
        for later in after[name]:
            waiting[later] -= 1
            if not waiting[later]:
                freed.append(later)
        if freed:
            ready = sorted([*ready, *freed], key=place.__getitem__)
    if len(order) < len(linked):
        left = {name: needs for name, needs in before.items() if waiting[name]}
        for cycle in _cycles(left):
            first = linked[cycle[0]].located
            told = " -> ".join([*cycle[:10], *(["..."] if len(cycle) > 10 else []), cycle[0]])
            graph.faults.append(
                Fault((*first.path, "id"), f"these steps wait for each other: {told}; remove one reference")
            )
        order += [linked[name] for name in linked if waiting[name]]
    return order


def _cycles(before: dict[str, set[str]]) -> Iterator[list[str]]:
    """One cycle through each tangle: from any step back along what it needs until a step comes again."""
    seen: set[str] = set()
    for start in before:
        trail: list[str] = []
        at: dict[str, int] = {}
        here = start
        while here not in seen and here not in at:
            at[here] = len(trail)
            trail.append(here)
            here = min((need for need in before[here] if need in before), default=start)
        if here in at and here not in seen:
            # The trail leads from a step to what it needs; it is told in the order of running.
            cycle = trail[at[here] :][::-1]
            turn = cycle.index(min(cycle))
            yield [*cycle[turn:], *cycle[:turn]]
        seen.update(trail)
