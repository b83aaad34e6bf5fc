"""Ranking those that fit, by strategy."""

from collections.abc import Callable
from dataclasses import dataclass

from contracts.routing import Strategy
from domain.routing.difficulty import TAGGED, Demand, auto_score, quality_asked
from domain.routing.latency import speed_score
from domain.routing.learning import learned
from domain.routing.masks import indices, mask_of
from domain.routing.scores import blend, price_score
from domain.routing.screening import Request


@dataclass(frozen=True, slots=True)
class Standing:
    """A model's place. `score` ranks, and may leave 0 to 1 by what was `learned`; `usd` is its likely price, None if unknown."""

    position: int
    score: float
    quality: float
    usd: float | None
    learned: float = 0.0

    @property
    def shown(self) -> float:
        """The score as it is shown, from 0 to 1."""
        return round(max(0.0, min(1.0, self.score)), 4)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best first. `pool` is how many of the first take turns or share the load."""

    strategy: Strategy
    demand: Demand
    standings: tuple[Standing, ...]
    pool: int = 0


def rank(request: Request, strategy: Strategy, demand: Demand, among: int) -> Ranking:
    """Rank the models of the set `among`. Equal scores: the better, then the cheaper, then the earlier in the catalog."""
    standings = _scored(request, strategy, demand, among)
    match strategy:
        case "round_robin":
            pool = _pool(request, standings)
            turn = request.situation.rotation % len(pool) if pool else 0
            pool = pool[turn:] + pool[:turn]
            return _sharing(strategy, demand, standings, pool, [1 - i / (2 * len(pool)) for i in range(len(pool))])
        case "least_busy":
            calls = _in_flight(request)
            shared = sorted(_pool(request, standings), key=lambda one: (calls.get(one.position, 0), -one.score))
            return _sharing(
                strategy, demand, standings, shared, [0.5 + 0.5 / (1 + calls.get(one.position, 0)) for one in shared]
            )
        case _:
            return Ranking(strategy, demand, tuple(standings))


def _scored(request: Request, strategy: Strategy, demand: Demand, among: int) -> list[Standing]:
    book, needs, context = request.book, request.asked.needs, request.asked.context
    rates, paces, qualities = book.rates, book.paces, book.quality
    mix = blend(strategy, book.policy.routing_rules.weights, context)
    judge = _auto(request, demand) if strategy == "auto" else None
    shifts = _shifts(request, 0.5 if strategy == "auto" and context.latency == "fast" else mix.speed)
    answer, prompt = needs.likely_answer, needs.input_tokens
    tokens = answer + prompt
    sticky = request.situation.sticky
    holder = None if sticky is None else book.position(sticky.model)
    standings = []
    for i in indices(among):
        rate, quality = rates[i], qualities[i]
        usd = None
        if rate is not None:
            cached = min(request.cached(i), prompt) if i == holder else 0
            usd = (prompt - cached) * rate.input + cached * rate.cached + answer * rate.output
        cost = 0.0 if usd is None else price_score(usd, tokens)
        speed = speed_score(paces[i].seconds(answer))
        base = mix.of(cost=cost, quality=quality, speed=speed) if judge is None else judge(i, cost, speed)
        shift = shifts.get(i, 0.0)
        standings.append(Standing(i, base + shift, quality, usd, shift))
    standings.sort(key=_order)
    return standings


def _order(one: Standing) -> tuple[float, float, float, int]:
    return -one.score, -one.quality, float("inf") if one.usd is None else one.usd, one.position


def _auto(request: Request, demand: Demand) -> Callable[[int, float, float], float]:
    """The score of `auto` for a position, its price's and its speed's score."""
    context, qualities = request.asked.context, request.book.quality
    asked = quality_asked(demand.difficulty, context)
    tagged = request.book.tags.get(demand.task.value, 0) if demand.task else 0
    hurried = context.latency == "fast"

    def judge(position: int, cost: float, speed: float) -> float:
        quality = min(1.0, qualities[position] + (TAGGED if tagged >> position & 1 else 0.0))
        return auto_score(quality, asked, (cost + speed) / 2 if hurried else cost)

    return judge


def _shifts(request: Request, speed_weight: float) -> dict[int, float]:
    """What was learned of each model of which anything was."""
    situation, book = request.situation, request.book
    refs = {*situation.measured, *situation.feedback, *situation.preference}
    at = {ref: position for ref in refs if (position := book.position(ref)) is not None}
    return {
        position: learned(
            situation.measured.get(ref),
            usual=book.paces[position],
            answer_tokens=request.asked.needs.likely_answer,
            speed_weight=speed_weight,
            feedback=situation.feedback.get(ref, 0.0),
            preference=situation.preference.get(ref, 0.0),
            bound=book.policy.routing_rules.learning.bound,
        )
        for ref, position in at.items()
    }


def _pool(request: Request, standings: list[Standing]) -> list[Standing]:
    """Who takes turns: those that the caller named, else those that the policy's rules name, else the best few."""
    rules = request.book.policy.routing_rules
    if not request.asked.models:
        wanted = [
            rules.default_model,
            *rules.fallback_chain,
            *(n for one in rules.task_preferences.values() for n in one),
        ]
        named = (request.book.names.get(name) for name in wanted)
        spots = mask_of(at for ref in named if ref is not None and (at := request.book.position(ref)) is not None)
        pool = [one for one in standings if spots >> one.position & 1] or standings[: rules.max_candidates]
    else:
        pool = standings
    return sorted(pool, key=lambda one: one.position)


def _sharing(
    strategy: Strategy, demand: Demand, standings: list[Standing], pool: list[Standing], scores: list[float]
) -> Ranking:
    """The pool first, in its order, and the rest behind it, below a half."""
    first = [
        Standing(one.position, score, one.quality, one.usd, one.learned)
        for one, score in zip(pool, scores, strict=True)
    ]
    taken = mask_of(one.position for one in pool)
    rest = [
        Standing(one.position, one.score / 2, one.quality, one.usd, one.learned)
        for one in standings
        if not taken >> one.position & 1
    ]
    return Ranking(strategy, demand, (*first, *rest), pool=len(first))


def _in_flight(request: Request) -> dict[int, int]:
    return {
        at: one.in_flight
        for ref, one in request.situation.measured.items()
        if (at := request.book.position(ref)) is not None
    }
