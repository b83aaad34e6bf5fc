"""The service: every call becomes a durable step in Perdure."""

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2

from perdure_client.errors import AIServiceError
from perdure_client.responses import AIModelType, AIResponse
from perdure_client.templates import PromptTemplate

DEFAULT_URL = "http://127.0.0.1:8321"
_WAIT = 300.0
_PREFERENCES = {
    "low": "cost",
    "cheap": "cost",
    "economy": "cost",
    "medium": "balanced",
    "high": "quality",
    "premium": "quality",
}
"""Routing's words for what callers say of cost."""

logger = logging.getLogger(__name__)


class AIService:
    """Asks Perdure at `base_url` with `api_key`, by default PERDURE_URL and PERDURE_API_KEY.

    One instance serves all tasks of a loop. Retries, fallbacks and budgets are Perdure's; a call that is repeated with the same
    `idempotency_key` is paid once.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        default_model: "str | AIModelType | None" = None,
        templates: Mapping[str, PromptTemplate] | None = None,
        timeout: float = _WAIT,
    ) -> None:
        self.default_model = default_model
        self.templates = dict(templates or {})
        self._timeout = timeout
        self._http = httpx2.AsyncClient(
            base_url=base_url or os.environ.get("PERDURE_URL") or DEFAULT_URL,
            headers={"Authorization": f"Bearer {api_key or os.environ.get('PERDURE_API_KEY', '')}"},
            timeout=httpx2.Timeout(30, read=timeout + 30),
        )

    async def process_text(
        self,
        prompt: str,
        model: "str | AIModelType | None" = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        system_message: str | None = None,
        *,
        fallback_models: Sequence[str] = (),
        cost_limit: float | None = None,
        task_type: str | None = None,
        output_schema: dict[str, Any] | str | None = None,
        idempotency_key: str | None = None,
    ) -> AIResponse:
        """Answer a prompt. Without a model Perdure's routing chooses. Raises AIServiceError where Perdure refuses the request."""
        body = {"prompt": prompt, "system": system_message, "task_type": task_type, "output_schema": output_schema}
        return await self._step(body, model, max_tokens, temperature, fallback_models, cost_limit, idempotency_key)

    async def process_with_template(
        self,
        template_name: str,
        variables: dict[str, Any],
        model: "str | AIModelType | None" = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        *,
        fallback_models: Sequence[str] = (),
        cost_limit: float | None = None,
        idempotency_key: str | None = None,
    ) -> AIResponse:
        """Fill in a template and answer it: one of this service's own, else one that Perdure keeps or ships.

        Raises AIServiceError, which names missing and unknown variables.
        """
        own = self.templates.get(template_name)
        if own is None:
            body: dict[str, Any] = {"template": template_name, "variables": variables}
        else:
            try:
                body = {"prompt": own.format(**variables), "task_type": template_name}
            except ValueError as error:
                raise AIServiceError(str(error), kind="invalid_request", field="variables") from None
        return await self._step(body, model, max_tokens, temperature, fallback_models, cost_limit, idempotency_key)

    async def get_available_models(self) -> list[dict[str, Any]]:
        """The models that can be asked now, with `capabilities`, `window` and `prices` (USD per million tokens)."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = await self._ask(
                "GET", "/api/models/available", params={"limit": 200, **({"cursor": cursor} if cursor else {})}
            )
            found += page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    async def select_optimal_model(
        self, task_type: str, context_length: int = 0, cost_preference: str = "balanced"
    ) -> str:
        """The model that routing would ask for such a task, as `provider:model`. `context_length` is in tokens.

        A task that Perdure has no word for is routed as any.
        """
        wish = _PREFERENCES.get(cost_preference, cost_preference)
        query: dict[str, Any] = {"context_length": context_length, "cost_preference": wish}
        path = "/api/models/recommendations"
        try:
            found = await self._ask("GET", path, params={**query, "task_type": task_type})
        except AIServiceError as error:
            if error.field != "task_type":
                raise
            found = await self._ask("GET", path, params=query)
        return str(found["recommended"][0]["model"])

    async def get_model_costs(self, model: str, tokens_used: int) -> dict[str, float]:
        """What so many tokens cost, in USD: as `input_cost`, as `output_cost`, and blended three to one (`total_cost`)."""
        shown = await self._ask("GET", f"/api/models/{model}")
        prices = shown["prices"] or {}
        per_input, per_output = (float(prices.get(name) or 0) / 1_000_000 for name in ("input", "output"))
        return {
            "input_cost": per_input * tokens_used,
            "output_cost": per_output * tokens_used,
            "total_cost": (3 * per_input + per_output) / 4 * tokens_used,
            "cost_per_token": (3 * per_input + per_output) / 4,
        }

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _step(
        self,
        body: dict[str, Any],
        model: "str | AIModelType | None",
        max_tokens: int | None,
        temperature: float | None,
        fallback_models: Sequence[str],
        cost_limit: float | None,
        idempotency_key: str | None,
    ) -> AIResponse:
        chosen = model or self.default_model
        knobs = {"max_output_tokens": max_tokens, "temperature": temperature}
        asked = {
            **body,
            "model": chosen.value if isinstance(chosen, AIModelType) else chosen,
            "fallback_models": list(fallback_models),
            "cost_limit": None if cost_limit is None else str(cost_limit),
            "idempotency_key": idempotency_key,
            "knobs": {name: value for name, value in knobs.items() if value is not None},
            "wait": self._timeout,
        }
        step = await self._ask("POST", "/api/steps", json={name: one for name, one in asked.items() if one is not None})
        response = AIResponse.of_step(step)
        if response.error is not None:
            logger.warning("a model gave no answer", extra={"step_id": response.step_id, "model": response.model})
        return response

    async def _ask(self, method: str, path: str, **request: Any) -> Any:
        try:
            answer = await self._http.request(method, path, **request)
        except httpx2.HTTPError as error:
            message = f"Perdure at {self._http.base_url} cannot be reached ({type(error).__name__})."
            raise AIServiceError(message) from error
        if answer.is_error:
            raise _refused(answer)
        return answer.json()


def _refused(answer: httpx2.Response) -> AIServiceError:
    try:
        told: dict[str, Any] = answer.json()
    except ValueError:
        told = {}
    return AIServiceError(
        str(told.get("detail") or f"Perdure answered HTTP {answer.status_code}."),
        kind=str(told.get("kind") or "unavailable"),
        status=answer.status_code,
        field=told.get("field"),
        details=told,
    )


_service: AIService | None = None


def get_ai_service() -> AIService:
    """The one instance that all share; made from the environment where nobody set another."""
    global _service
    if _service is None:
        _service = AIService()
    return _service


def set_ai_service(service: AIService | None) -> None:
    """Let all share another instance; None: one is made anew when it is next asked for."""
    global _service
    _service = service
