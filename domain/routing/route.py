"""Routing: from a request and what is known now to a plan."""

from dataclasses import dataclass, replace

from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef
from contracts.routing import Strategy
from contracts.turns import Candidate, RoutePlan
from domain.routing.asking import Asked, Situation
from domain.routing.choosing import Arranged, Placed, choose
from domain.routing.difficulty import Demand, demand
from domain.routing.emptied import refusal
from domain.routing.fallbacks import chain_of
from domain.routing.limits import limits_in_force
from domain.routing.naming import arrange_named
from domain.routing.prepared import ROUTED, Prepared
from domain.routing.ranking import rank
from domain.routing.request import Request
from domain.routing.screening import Screening, screen


@dataclass(frozen=True, slots=True)
class Routed:
    """The plan, and how it came about: which filter removed whom."""

    plan: RoutePlan
    screening: Screening


def route(prepared: Prepared, asked: Asked, situation: Situation) -> Routed:
    """Plan a request. Pure: the same arguments give the same plan.

    Raises PerdureError where no model can answer: its message and `detail` name the filter that left none and the nearest
    value that could be met. Its kind is not_found, access_denied, context_overflow, budget_exceeded or else invalid_request.
    """
    _know_tier(prepared, asked.context.user_tier)
    wants = demand(asked.context, situation.classified)
    models, strategy = _named(prepared, asked)
    if models:
        alone = len(models) == 1 and asked.context.fallbacks
        chain = (chain_of(prepared, models[0]) or ()) if alone else ()
        book = prepared.few((*models, *chain))
        request = Request.over(book, book.everything, asked, situation)
        screening = _screened(request)
        arranged = arrange_named(request, screening, strategy, wants, models)
    else:
        request = Request.over(prepared, prepared.choosable, asked, situation)
        screening = _screened(request)
        arranged = choose(request, rank(request, strategy, wants, screening.fit or screening.behind))
    if not asked.context.fallbacks:
        arranged = replace(arranged, candidates=arranged.candidates[:1])
    return Routed(_plan(request, strategy, wants, arranged), screening)


def _know_tier(prepared: Prepared, tier: str | None) -> None:
    tiers = prepared.policy.user_tiers
    if tier is not None and tiers and tier not in tiers:
        raise PerdureError(
            ErrorKind.INVALID_REQUEST,
            f"The policy knows no user tier {tier!r}; it knows {', '.join(sorted(tiers))}.",
            field="routing.user_tier",
        )


def _named(prepared: Prepared, asked: Asked) -> tuple[tuple[ModelRef, ...], Strategy]:
    """The models that are named, by the caller or as the policy's default, and the strategy."""
    rules, own = prepared.policy.routing_rules, asked.context.strategy
    if asked.models:
        return tuple(dict.fromkeys(asked.models)), own or "manual"
    default, _, suffix = rules.default_model.partition(":")
    if default == ROUTED:
        return (), _chosen(own or _strategy(suffix) or rules.strategy)
    if own is not None and own != "manual":
        return (), own
    ref = prepared.meaning(rules.default_model)
    if ref is None:
        raise PerdureError(
            ErrorKind.NOT_FOUND,
            f"The policy's default model {rules.default_model!r} is not known. Name a model, or correct the policy's "
            "routing_rules.default_model.",
            field="model",
        )
    return (ref,), "manual"


def _chosen(strategy: Strategy) -> Strategy:
    if strategy == "manual":
        raise PerdureError(
            ErrorKind.INVALID_REQUEST,
            "The strategy manual keeps the order of the models that are named, and none is. Name one, or choose another.",
            field="routing.strategy",
        )
    return strategy


def _strategy(name: str) -> Strategy | None:
    from typing import get_args

    known: tuple[Strategy, ...] = get_args(Strategy)
    return next((one for one in known if one == name), None)


def _screened(request: Request) -> Screening:
    screening = screen(request)
    if not screening.fit and not screening.behind:
        raise refusal(request, screening)
    return screening


def _plan(request: Request, strategy: Strategy, wants: Demand, arranged: Arranged) -> RoutePlan:
    policy = request.book.policy

    def candidate(index: int, placed: Placed) -> Candidate:
        position = placed.standing.position
        return Candidate(
            index=index,
            model=request.book.entries[position].ref,
            reason=placed.reason,
            score=placed.standing.shown,
            price=request.price(position),
            window=request.book.entries[position].window,
        )

    return RoutePlan(
        candidates=tuple(candidate(index, one) for index, one in enumerate(arranged.candidates)),
        limits=limits_in_force(request.asked.limits, policy.limits),
        on_new_attempt=request.asked.on_new_attempt,
        strategy=strategy,
        task=wants.task,
        difficulty=round(wants.difficulty, 4) if wants.known else None,
        confidence=arranged.confidence,
        policy_version=request.book.version,
        alternatives=tuple(
            candidate(index, one) for index, one in enumerate(arranged.alternatives, len(arranged.candidates))
        ),
        fallback_on_refusal=policy.switches.fallback_on_refusal,
        attempts=policy.limits.attempts,
        waits_for_limit=policy.switches.wait_for_limit,
        on_exceeded=policy.budgets.on_exceeded,
        budget_wait=policy.budgets.wait_minutes * 60,
        answer_bound=policy.budgets.max_output_tokens,
    )
