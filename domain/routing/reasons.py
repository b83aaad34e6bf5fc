"""Why a candidate stands where it does, in words."""

from typing import assert_never

from domain.routing.difficulty import quality_asked
from domain.routing.latency import measured_pace, trust
from domain.routing.prices import dollars
from domain.routing.ranking import Ranking, Standing
from domain.routing.screening import Request


def facts(request: Request, standing: Standing) -> str:
    """Price, quality, and what was learned, for the end of every reason."""
    price = "price unknown" if standing.usd is None else f"about {dollars(standing.usd)}"
    said = f"{price}; quality {standing.quality:g}"
    if request.cached(standing.position):
        said += f"; {request.cached(standing.position):,} tokens of its prompt are cached"
    return said + (f"; {standing.learned:+.2f} by what was learned" if abs(standing.learned) >= 0.005 else "")


def first_by_strategy(request: Request, ranking: Ranking) -> str:
    """Why the best of a ranking is the best."""
    best, others = ranking.standings[0], ranking.standings[1:]
    among = f"{len(ranking.standings):,} that fit"
    known = facts(request, best)
    if not others:
        return f"the only one that fits: {known}"
    match ranking.strategy:
        case "cost":
            prices = [one.usd for one in ranking.standings if one.usd is not None]
            if best.usd is not None and best.usd <= min(prices):
                return f"cheapest of {among}: {known}"
            return f"best of {among} by price and what was learned: {known}"
        case "performance":
            return f"quickest of {among}: about {seconds(request, best):.1f} s; {known}"
        case "quality":
            return f"best of {among} by quality: {known}"
        case "balanced" | "manual":
            return f"best balance among {among}: score {best.shown:g}; {known}"
        case "auto":
            return f"{_auto(request, ranking, among)}: {known}"
        case "round_robin":
            return f"its turn among {ranking.pool}: {known}"
        case "least_busy":
            return f"least busy of {ranking.pool}: {in_flight(request, best)} calls in flight; {known}"
        case _:
            assert_never(ranking.strategy)


def _auto(request: Request, ranking: Ranking, among: str) -> str:
    demand, best = ranking.demand, ranking.standings[0]
    asked = quality_asked(demand.difficulty, request.asked.context)
    task = f"{demand.task.value.replace('_', ' ')} request" if demand.task else "request"
    what = f"a {task} of difficulty {demand.difficulty:.2f}" if demand.known else "a request of unknown difficulty"
    if best.score - best.learned < 0.5:
        return f"nearest of {among} to quality {asked:.2f}, which {what} asks for and none has"
    return f"cheapest of {among} above quality {asked:.2f}, which {what} asks for"


def seconds(request: Request, standing: Standing) -> float:
    """The time of a usual answer, as far as it was measured."""
    usual = request.book.paces[standing.position]
    tokens = request.asked.needs.likely_answer
    measured = request.situation.measured.get(request.book.entries[standing.position].ref)
    if measured is None:
        return usual.seconds(tokens)
    known = trust(measured.calls)
    return (1 - known) * usual.seconds(tokens) + known * measured_pace(measured, usual).seconds(tokens)


def in_flight(request: Request, standing: Standing) -> int:
    """Calls that the model is answering now."""
    measured = request.situation.measured.get(request.book.entries[standing.position].ref)
    return 0 if measured is None else measured.in_flight
