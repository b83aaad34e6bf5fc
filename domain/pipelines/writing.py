"""Definitions as text: YAML for people, a JSON schema for editors."""

from typing import Any

from contracts.pipelines.definition import Pipeline
from domain.pipelines.versions import dumped
from domain.yaml.writing import to_yaml

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def written(definition: Pipeline) -> str:
    """A definition as YAML that reads back to the same version."""
    return to_yaml(dumped(definition), blocks=True)


def json_schema() -> dict[str, Any]:
    """The JSON schema of a definition's text, for editors and for other checkers."""
    schema = Pipeline.model_json_schema(by_alias=True)
    schema["description"] = (
        "A Perdure pipeline: agents, tools and other steps, what they hand to each other, and when they run."
    )
    return {"$schema": SCHEMA_DIALECT, **schema, "title": "Perdure pipeline"}
