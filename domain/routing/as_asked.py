"""Planning a turn: which models may answer, in which order, and why."""

from contracts.turns import Candidate, RoutePlan, RoutingWish


def plan(wish: RoutingWish) -> RoutePlan:
    """The plan of a request: its models in the order asked for, each once."""
    return RoutePlan(
        candidates=tuple(
            Candidate(
                index=index,
                model=model,
                reason="asked for" if index == 0 else f"fallback {index}, in the order asked for",
            )
            for index, model in enumerate(dict.fromkeys(wish.models))
        ),
        limits=wish.limits,
        on_new_attempt=wish.on_new_attempt,
    )
