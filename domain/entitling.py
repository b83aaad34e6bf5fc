"""A turn as a key may ask it."""

from contracts.turns import TurnRequest


def entitled(request: TurnRequest, *, user_tier: str | None, allowed_models: tuple[str, ...]) -> TurnRequest:
    """The request with what a key lays over it: its tier goes before the request's, and no model but the key's answers."""
    if user_tier is not None:
        request = request.model_copy(update={"routing": request.routing.model_copy(update={"user_tier": user_tier})})
    if allowed_models:
        request = request.model_copy(update={"allowed_models": allowed_models})
    return request
