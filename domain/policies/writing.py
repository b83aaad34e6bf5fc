"""Policies as text: YAML for people, a canonical form for comparing, a JSON schema for editors."""

import hashlib
import json
from decimal import Decimal
from typing import Any

from contracts.policies import Policy

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DIGITS = 12


def dumped(policy: Policy, *, only_set: bool = False) -> dict[str, Any]:
    """A policy as plain values, as its text would say it. `only_set` leaves out what is a default."""
    shown = policy.model_dump(mode="json", exclude_defaults=only_set)
    plain: dict[str, Any] = _plain_amounts(shown, policy.model_dump(mode="python", exclude_defaults=only_set))
    return plain


def _plain_amounts(shown: Any, held: Any) -> Any:
    """Amounts become numbers where a number holds all their digits, and stay words where it does not."""
    match held:
        case Decimal():
            return float(held) if Decimal(repr(float(held))) == held else str(held)
        case dict():
            return {
                name: _plain_amounts(inner, one)
                for (name, inner), one in zip(shown.items(), held.values(), strict=True)
            }
        case tuple() | list():
            return [_plain_amounts(inner, one) for inner, one in zip(shown, held, strict=True)]
        case _:
            return shown


def version_of(policy: Policy) -> str:
    """Twelve hex digits of the hash of what a policy says, defaults included: equal policies have equal versions."""
    canonical = json.dumps(dumped(policy), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:_DIGITS]


def json_schema() -> dict[str, Any]:
    """The JSON schema of a policy's text, for editors and for other checkers."""
    schema = Policy.model_json_schema()
    schema["description"] = (
        "Perdure's policies.yaml: which models may answer what, in which order, within which limits."
    )
    return {"$schema": SCHEMA_DIALECT, **schema, "title": "Perdure policy"}
