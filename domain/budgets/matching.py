"""Which budgets count a call."""

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.budgets import EACH, Scope, Spender
from contracts.models import ModelRef


@dataclass(frozen=True, slots=True)
class Match:
    """A budget of this scope and value counts the call, for `subject` (empty: for all together)."""

    scope: Scope
    value: str
    subject: str = ""


def matches(spender: Spender, model: ModelRef | None) -> tuple[Match, ...]:
    """Every scope and value whose budgets count a call of this spender; `model` None leaves the models' budgets out."""
    return tuple(_matches(spender, model))


def _matches(spender: Spender, model: ModelRef | None) -> Iterator[Match]:
    yield Match(Scope.WORKSPACE, "")
    named = (
        (Scope.USER, spender.user),
        (Scope.KEY, str(spender.key_id) if spender.key_id else None),
        (Scope.RUN, spender.run),
        (Scope.MODEL, str(model) if model else None),
    )
    for scope, value in named:
        # Nobody is called `*`: that name means each.
        if value and value != EACH:
            yield Match(scope, value)
            yield Match(scope, EACH, value)
    for one in spender.within:
        value, _, place = one.partition("@")
        yield Match(Scope.RUN, value, place)
    if model is not None:
        yield Match(Scope.MODEL, f"{model.provider}:{EACH}")
    for name, value in spender.tags.items():
        if value == EACH:
            continue
        yield Match(Scope.TAG, f"{name}={value}")
        yield Match(Scope.TAG, f"{name}={EACH}", f"{name}={value}")
