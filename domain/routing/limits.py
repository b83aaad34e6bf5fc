"""The limits in force: the request's own, and the policy's where it says none."""

from contracts.policies import LimitPolicy
from contracts.turns import Limits


def limits_in_force(asked: Limits, policy: LimitPolicy) -> Limits:
    """Each limit of `asked` that is not at its default, else the policy's, else the default.

    A stored request holds every limit, so that one which was asked for at its default value cannot be told from one that was not.
    """
    said = {
        name: value
        for name, field in Limits.model_fields.items()
        if (value := getattr(policy, name)) is not None and getattr(asked, name) == field.default
    }
    return asked.model_copy(update=said) if said else asked


def limits_at(provider_seconds: float | None, limits: Limits) -> Limits:
    """The limits of a call to a provider whose models may be silent for so long at first, where that was left at its default."""
    if provider_seconds is None or limits.first_token != Limits.model_fields["first_token"].default:
        return limits
    return limits.model_copy(update={"first_token": provider_seconds})
