"""What the OpenAPI document says of bodies that we read ourselves."""

from typing import Any

from pydantic import BaseModel

PROBLEM: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/problem+json": {}}}
    for status, text in (
        (400, "The request is not valid; `field` names what is."),
        (401, "No key, or an unknown one."),
        (404, "There is no such thing in this workspace."),
        (409, "The request conflicts with the present state."),
    )
}


def json_body(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI part that describes a JSON body, its definitions inside, so that it stands by itself."""
    content = {"schema": model.model_json_schema(), "example": example}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}
