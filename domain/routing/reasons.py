"""Why a candidate stands where it does, in words."""

from typing import assert_never

from domain.routing.difficulty import TAGGED, quality_asked
from domain.routing.latency import Paces, measured_paces, trust
from domain.routing.learning import Observed
from domain.routing.prices import dollars
from domain.routing.ranking import Ranking, Standing
from domain.routing.request import Request
from domain.routing.sharing import in_flight


def facts(request: Request, standing: Standing) -> str:
    """Price, quality, and what was learned, for the end of every reason."""
    price = "price unknown" if standing.usd is None else f"about {dollars(standing.usd)}"
    said = f"{price}; quality {standing.quality:g}"
    if request.cached(standing.position):
        said += f"; {request.cached(standing.position):,} tokens of its prompt are cached"
    return said + (f"; {standing.learned:+.2f} by what was learned" if abs(standing.learned) >= 0.005 else "")


def first_by_strategy(request: Request, ranking: Ranking) -> str:
    """Why the best of a ranking is the best."""
    best = ranking.best
    among = f"{len(ranking):,} that fit"
    known = facts(request, best)
    if len(ranking) == 1:
        return f"the only one that fits: {known}"
    match ranking.strategy:
        case "cost":
            if best.usd is not None and best.usd <= ranking.lowest_usd:
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
            return f"least busy of {ranking.pool}: {in_flight(request).get(best.position, 0)} calls in flight; {known}"
        case _:
            assert_never(ranking.strategy)


def _auto(request: Request, ranking: Ranking, among: str) -> str:
    demand, best = ranking.demand, ranking.best
    asked = quality_asked(demand.difficulty, request.asked.context)
    task = f"{demand.task.value.replace('_', ' ')} request" if demand.task else "request"
    what = f"a {task} of difficulty {demand.difficulty:.2f}" if demand.known else "a request of unknown difficulty"
    if best.score - best.learned < 0.5:
        return f"nearest of {among} to quality {asked:.2f}, which {what} asks for and none has"
    counted = best.quality < asked
    tagged = f" (being tagged {demand.task}, it counts {TAGGED:g} better)" if counted else ""
    return f"cheapest of {among} above quality {asked:.2f}, which {what} asks for{tagged}"


def seconds(request: Request, standing: Standing) -> float:
    """The time of a usual answer, as far as it was measured."""
    at, tokens, columns = standing.position, request.asked.needs.likely_answer, request.book.columns
    usual = Paces(columns.first_token[[at]], columns.per_token[[at]])
    if at not in request.measured:
        return float(usual.seconds(tokens)[0])
    observed = Observed.of({0: request.measured[at]}, 1)
    found = measured_paces(observed.first_token_p50, observed.first_token_p95, observed.tokens_per_second, usual)
    known = trust(observed.calls)
    return float(((1 - known) * usual.seconds(tokens) + known * found.seconds(tokens))[0])
