"""What a policy's fields say against each other. Looks at plain documents, so that it finds its part beside other errors."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contracts.models import ModelRef
from domain.policies.merging import Document
from domain.yaml.explaining import Fault

_RULES = "routing_rules"


def contradictions(document: Document) -> Iterator[Fault]:
    """Names that are no model's, aliases of two models, models twice in a list, and chains that loop."""
    models = _mapping(document.get("models"))
    yield from _names(models)
    aliases: dict[str, str] = {}
    yield from _aliases(models, aliases)
    rules = _mapping(document.get(_RULES))
    yield from _twice((_RULES, "fallback_chain"), rules.get("fallback_chain"), aliases)
    for task, chosen in _mapping(rules.get("task_preferences")).items():
        yield from _twice((_RULES, "task_preferences", task), chosen, aliases)
    chains = _mapping(rules.get("fallback_chains"))
    for model, chain in chains.items():
        yield from _twice((_RULES, "fallback_chains", model), chain, aliases)
    yield from _loops(chains, aliases)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _words(value: Any) -> list[str]:
    listed = isinstance(value, Sequence) and not isinstance(value, str)
    return [word for word in value if isinstance(word, str)] if listed else []


def _names(models: Mapping[str, Any]) -> Iterator[Fault]:
    for name in models:
        try:
            ModelRef.parse(name)
        except ValueError:
            yield Fault(("models", name), "a model is named provider:model here.", at_name=True)


def _aliases(models: Mapping[str, Any], owners: dict[str, str]) -> Iterator[Fault]:
    for name, said in models.items():
        for at, alias in enumerate(_words(_mapping(said).get("aliases"))):
            path = ("models", name, "aliases", at)
            if alias in models:
                yield Fault(path, f"{alias!r} is a model of its own; choose another alias.")
            elif owners.get(alias, name) != name:
                yield Fault(path, f"{alias!r} is an alias of {owners[alias]} already; choose another.")
            else:
                owners[alias] = name


def _twice(path: tuple[str, ...], value: Any, aliases: Mapping[str, str]) -> Iterator[Fault]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return
    seen: set[str] = set()
    for at, name in enumerate(value):
        model = aliases.get(name, name) if isinstance(name, str) else None
        if model in seen:
            yield Fault((*path, at), f"{model} stands in this list already; name it once.")
        if model is not None:
            seen.add(model)


def _loops(chains: Mapping[str, Any], aliases: Mapping[str, str]) -> Iterator[Fault]:
    """Each loop once, at the chain that closes it."""
    written = {aliases.get(model, model): model for model in chains}
    follows = {
        model: list(dict.fromkeys(aliases.get(name, name) for name in _words(chains[name_written])))
        for model, name_written in written.items()
    }
    done: set[str] = set()
    for start in follows:
        trail: list[str] = []
        waiting: list[Iterator[str]] = [iter([start])]
        while waiting:
            model = next(waiting[-1], None)
            if model is None:
                waiting.pop()
                if trail:
                    done.add(trail.pop())
            elif model in trail:
                loop = [*trail[trail.index(model) :], model]
                yield Fault((_RULES, "fallback_chains", written[trail[-1]]), _looping(loop), at_name=True)
            elif model in follows and model not in done:
                trail.append(model)
                waiting.append(iter(follows[model]))


def _looping(loop: list[str]) -> str:
    return f"the chain loops: {' -> '.join(loop)}. Leave one out, or let the models stand in for each other in fallback_chain."
