"""The OpenAPI document and the docs pages stand by themselves."""

import re
from collections.abc import Iterator
from typing import Any, cast

import httpx2
import pytest

from api import documenting
from api.app import create_app
from api.doors import Doors
from domain.catalog import Catalogs


@pytest.fixture
def doors() -> Doors:
    """Doors that need no servers: documents look at nothing."""
    none = cast(Any, None)
    return Doors(none, none, none, Catalogs([]), none, none, 1_000_000, None, "test")


@pytest.fixture
async def http(doors: Doors) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=create_app(doors)), base_url="http://doors")


@pytest.fixture
async def document(http: httpx2.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await http.get("/openapi.json")).json()
    return found


def references(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for name, inner in value.items():
                if name == "$ref" and isinstance(inner, str):
                    yield inner
                else:
                    yield from references(inner)
        case list():
            for inner in value:
                yield from references(inner)
        case _:
            return


async def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert len(found) > 10
    for reference in found:
        here: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in here, reference
            here = here[step]


async def test_every_route_has_a_tag_an_example_and_its_errors(document: dict[str, Any]) -> None:
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) >= 14
    for path, method, operation in operations:
        name = f"{method} {path}"
        assert operation["tags"], name
        assert operation["description"], name
        assert "422" not in operation["responses"], name
        shown = [
            content
            for status, answer in operation["responses"].items()
            if status.startswith("2")
            for content in answer.get("content", {}).values()
        ]
        assert path == "/metrics" or method == "delete" or any("example" in content for content in shown), name
        bodiless = (
            "/cancel",
            "/callback",
            "/refresh",
            "/approve-budget",
            "/ping",
            "/pause",
            "/resume",
            "/retry",
            "/run",
            "/rotate",
        )
        if method in ("post", "patch") and not path.endswith(bodiless):
            assert any(content.get("example") for content in operation["requestBody"]["content"].values()), name
        if path.startswith(("/api/", "/v1/")):
            assert operation["security"] == [{"key": []}], name
            assert "401" in operation["responses"], name


async def test_the_examples_of_bodies_are_taken(document: dict[str, Any]) -> None:
    models = {model.__name__: model for model in documenting._bodies}
    seen = set()
    for methods in document["paths"].values():
        for operation in methods.values():
            if "requestBody" in operation:
                content = operation["requestBody"]["content"].get("application/json", {"schema": {}})
                name = content["schema"].get("$ref", "").rpartition("/")[2]
                if not name:
                    # A policy, which comes as a text; a batch, which comes as lines.
                    continue
                models[name].model_validate(content["example"])
                seen.add(name)
    assert seen == set(models)


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_the_docs_need_no_cdn(http: httpx2.AsyncClient, path: str) -> None:
    page = await http.get(path)
    assert page.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert sources
    assert all(source.startswith("/") for source in sources), sources
    for source in sources:
        assert (await http.get(source)).status_code == 200, source
