"""The language of an integration."""

import re
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from contracts.tools import ToolDefinition, ToolEffects, ToolRetry
from tools.arguments import check_schema
from tools.http.credentials import Auth
from tools.http.hosts import HostRule
from tools.http.stanza import Method, PartName, plain_base_url, rule_below

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

Cel = Annotated[str, Field(min_length=1, max_length=2_000)]
"""An expression of CEL over `status` (a number) and `body` (the answer's JSON)."""


class Action(BaseModel):
    """One action, which becomes the tool `INTEGRATION__ACTION`.

    `parameters` is a JSON Schema of an object. An argument fills the `{name}` of the path; all others go where `send` says:
    into the query (by default for GET, HEAD and DELETE), a JSON body (by default otherwise) or a form. `constants` are sent with
    them. `ok` says whether an answer below status 400 is a success, `error` what went wrong, `temporary` whether it may pass,
    `uncertain` whether it may have been carried out all the same. `result` picks what the model sees; without it, the whole body.
    `idempotency_header` or `idempotency_field` carries the key.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str
    method: Method = "GET"
    path: str = Field(pattern=r"^/[^\s?#]*$")
    parameters: dict[str, Any] = {"type": "object", "properties": {}}
    send: Literal["query", "json", "form"] | None = None
    constants: dict[str, Any] = {}
    headers: dict[str, str] = {}
    idempotency_header: str = ""
    idempotency_field: str = ""
    ok: Cel | None = None
    error: Cel | None = None
    temporary: Cel | None = None
    uncertain: Cel | None = None
    result: dict[str, Cel] | None = None
    retry: ToolRetry | None = None
    approval: bool = False
    timeout: float = Field(default=30, gt=0, le=600)
    cost: Decimal = Field(default=Decimal(0), ge=0)
    max_chars: int = Field(default=50_000, ge=100)
    max_bytes: int = Field(default=2_000_000, ge=100, le=50_000_000)

    @field_validator("ok", "error", "temporary", "uncertain")
    @classmethod
    def _is_cel(cls, given: str | None) -> str | None:
        if given is not None:
            _check_cel(given)
        return given

    @field_validator("result")
    @classmethod
    def _all_are_cel(cls, given: dict[str, str] | None) -> dict[str, str] | None:
        for expression in (given or {}).values():
            _check_cel(expression)
        return given

    @model_validator(mode="after")
    def _placeholders_are_parameters(self) -> "Action":
        properties = self.parameters.get("properties", {})
        for name in self.placeholders:
            if name not in properties or name not in self.parameters.get("required", ()):
                raise ValueError(f"the path holds {{{name}}}, which must be among the required parameters")
        if self.retry == "reconcile":
            raise ValueError("an action cannot be reconciled: use safe or unsafe")
        return self

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names in the path."""
        return tuple(_PLACEHOLDER.findall(self.path))

    @property
    def place(self) -> Literal["query", "json", "form"]:
        """Where arguments go."""
        return self.send or ("query" if self.method in ("GET", "HEAD", "OPTIONS", "DELETE") else "json")

    @property
    def effects(self) -> ToolEffects:
        """What a call does, by the method where `retry` says nothing."""
        by_method = self.method not in ("POST", "PATCH") or bool(self.idempotency_header or self.idempotency_field)
        return ToolEffects(
            retry=self.retry or ("safe" if by_method else "unsafe"),
            approval=self.approval,
            timeout=self.timeout,
            cost=self.cost,
            max_chars=self.max_chars,
            max_bytes=self.max_bytes,
        )


class Integration(BaseModel):
    """An API and its actions. `networks` are private networks that it may lie in."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: PartName
    title: str = ""
    base_url: str
    auth: Auth | None = None
    headers: dict[str, str] = {}
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    actions: dict[PartName, Action] = Field(min_length=1)

    @field_validator("base_url")
    @classmethod
    def _plain(cls, given: str) -> str:
        return plain_base_url(given)

    @model_validator(mode="after")
    def _schemas_hold(self) -> "Integration":
        for name in self.actions:
            check_schema(self.definition(name))
        return self

    def definition(self, action: str) -> ToolDefinition:
        """The tool that an action becomes."""
        said = self.actions[action]
        return ToolDefinition(
            name=f"{self.name}__{action}",
            description=said.description,
            parameters=said.parameters,
            effects=said.effects,
        )

    def rule(self) -> HostRule:
        """What may be asked of the API."""
        methods = tuple({action.method for action in self.actions.values()})
        return rule_below(self.base_url, methods, self.networks, self.headers, self.auth)


def _check_cel(expression: str) -> None:
    import cel

    try:
        cel.compile(expression)
    except ValueError as problem:
        raise ValueError(f"{expression!r} is no CEL expression: {str(problem).splitlines()[0]}") from None
