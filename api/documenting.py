"""The OpenAPI document: bodies that we read ourselves, examples, errors, and the key."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

_COMPONENTS = "#/components/schemas/{model}"

_ERRORS = {
    400: "The request is not valid; `field` (on /v1 `param`) names what is not.",
    401: "No key, or one that is not known.",
    402: "A budget has no room; the answer says which, what is left of it, and when it renews.",
    403: "The key may not do that; the answer says what it would need.",
    404: "There is no such thing in this workspace.",
    409: "The request conflicts with the present state; ids in the answer say with what.",
    412: "Somebody else changed it since it was read; read it again.",
    413: "The body is larger than this deployment takes.",
    429: "The provider's quota is used up, and no other model could answer.",
    502: "No provider could be reached.",
    503: "A part of Perdure, or every provider, refuses work for the moment.",
    504: "No provider answered in time.",
}

_PROBLEM_EXAMPLE = {
    "type": "urn:perdure:error:invalid_request",
    "title": "The request is not valid.",
    "status": 400,
    "detail": "content is empty; say something.",
    "kind": "invalid_request",
    "field": "content",
}
_OPENAI_EXAMPLE = {
    "error": {
        "message": "messages is empty; say something.",
        "type": "invalid_request_error",
        "param": "messages",
        "code": "invalid_request",
    }
}

_bodies: list[type[BaseModel]] = []


def documented(
    answers: Mapping[int, tuple[str, Any]], *, errors: Iterable[int] = (), openai: bool = False
) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses`: each answer's sentence and example (text is an event stream, None no body), and the errors."""
    shown: dict[int | str, dict[str, Any]] = {}
    for status, (sentence, example) in answers.items():
        kind = "text/event-stream" if isinstance(example, str) else "application/json"
        shown[status] = {"description": sentence}
        if example is not None:
            shown[status]["content"] = {kind: {"schema": _schema_of(example), "example": example}}
    for status in errors:
        kind, example = (
            ("application/json", _OPENAI_EXAMPLE) if openai else ("application/problem+json", _PROBLEM_EXAMPLE)
        )
        name = "OpenAIError" if openai else "Problem"
        content = {kind: {"schema": {"$ref": _COMPONENTS.format(model=name)}, "example": example}}
        shown[status] = {"description": _ERRORS[status], "content": content}
    return shown


def json_body(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI part that describes a JSON body; `install` puts the model itself among the components."""
    _bodies.append(model)
    content = {"schema": {"$ref": _COMPONENTS.format(model=model.__name__)}, "example": example}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def install(app: FastAPI) -> None:
    """Let `app` describe itself with the bodies' models, the shapes of errors and the bearer key."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            components = document.setdefault("components", {})
            _, bodies = models_json_schema([(model, "validation") for model in _bodies], ref_template=_COMPONENTS)
            components.setdefault("schemas", {}).update(
                bodies["$defs"],
                Problem=_schema_of(_PROBLEM_EXAMPLE, optional=("field",)),
                OpenAIError=_schema_of(_OPENAI_EXAMPLE),
            )
            components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            for path, methods in document["paths"].items():
                for method in methods.values():
                    # FastAPI would promise a 422, but what it finds wrong is answered as every other mistake: 400.
                    method["responses"].pop("422", None)
                    if path.startswith(("/api/", "/v1/")):
                        method["security"] = [{"key": []}]
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _schema_of(example: Any, *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """A schema as loose as one example allows: the types of its fields."""
    match example:
        case dict():
            fields = {name: {} if name in optional else _schema_of(value) for name, value in example.items()}
            return {"type": "object", "properties": fields}
        case list():
            return {"type": "array", "items": _schema_of(example[0]) if example else {}}
        case bool():
            return {"type": "boolean"}
        case int() | float():
            return {"type": "number"}
        case str():
            return {"type": "string"}
        case _:
            # What is null in the example has another type elsewhere.
            return {}
