"""Models that a policy names and nobody knows: a warning, since catalogs change and a name may be right tomorrow."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import get_args

from contracts.errors import PerdureError
from contracts.policies import Policy
from contracts.routing import Strategy
from domain.catalog import Catalog
from domain.yaml.explaining import Fault

AUTOMATIC = frozenset({"auto", *(f"auto:{strategy}" for strategy in get_args(Strategy))})
"""Names that stand for a choice."""


@dataclass(frozen=True, slots=True)
class ModelNames:
    """What is known of models' names. `known` says whether a name means a model; `names` are those to choose near ones from."""

    known: Callable[[str], bool]
    names: Callable[[], Iterable[str]] = tuple


def names_of(catalog: Catalog) -> ModelNames:
    """What a catalog knows of names."""

    def known(name: str) -> bool:
        try:
            catalog.resolve(name)
        except PerdureError:
            return False
        return True

    return ModelNames(known, lambda: [str(model) for model in catalog.models])


def unknown_models(policy: Policy, names: ModelNames) -> Iterator[Fault]:
    """A fault for every name that is neither a known model nor an alias that the policy gives."""
    own = {alias for model in policy.models.values() for alias in model.aliases} | AUTOMATIC
    judged: dict[str, str | None] = {}
    for path, name, at_name in _named(policy):
        if name in own:
            continue
        if name not in judged:
            judged[name] = None if names.known(name) else _doubt(name, names)
        doubt = judged[name]
        if doubt is not None:
            yield Fault(path, doubt, at_name)


def _doubt(name: str, names: ModelNames) -> str:
    matches = get_close_matches(name, list(names.names()), n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(matches)}?" if matches else ""
    return f"no configured provider is known to have a model {name!r}.{hint}"


def _named(policy: Policy) -> Iterator[tuple[tuple[str | int, ...], str, bool]]:
    rules = policy.routing_rules
    for name in policy.models:
        yield ("models", name), name, True
    yield ("routing_rules", "default_model"), rules.default_model, False
    for at, name in enumerate(rules.fallback_chain):
        yield ("routing_rules", "fallback_chain", at), name, False
    for model, chain in rules.fallback_chains.items():
        yield ("routing_rules", "fallback_chains", model), model, True
        for at, name in enumerate(chain):
            yield ("routing_rules", "fallback_chains", model, at), name, False
    for task, chosen in rules.task_preferences.items():
        for at, name in enumerate(chosen):
            yield ("routing_rules", "task_preferences", task.value, at), name, False
    for tier, access in policy.user_tiers.items():
        for at, name in enumerate(access.models):
            if not name.endswith("*"):
                yield ("user_tiers", tier, "models", at), name, False
