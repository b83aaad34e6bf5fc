"""The vendors' own lists: at the simulator, which speaks their wires, and in the fuller shapes of their references."""

from typing import Any

import pytest

from contracts.errors import ErrorKind, ProviderError
from contracts.routing import Capability
from providers.protocol import Wire
from providers.simulator.catalogue import LISTED
from providers.simulator.control import Simulator
from tests.discovery.serving import KEY, discovered, serving


@pytest.mark.parametrize(
    ("name", "wire", "path"),
    [("openai", "openai", "/openai/v1"), ("anthropic", "anthropic", "/anthropic"), ("google", "google", "/google")],
)
async def test_what_the_simulator_lists_is_found(simulator: Simulator, name: str, wire: Wire, path: str) -> None:
    found = await discovered(f"{simulator.url}{path}", name, wire=wire)
    assert set(found) == set(LISTED[name])


async def test_claudes_pages_are_read_to_the_end() -> None:
    def row(name: str, **more: Any) -> dict[str, Any]:
        return {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z", **more}

    told = row(
        "claude-opus-5-5",
        max_input_tokens=1_000_000,
        max_tokens=128_000,
        capabilities={
            "image_input": {"supported": True},
            "pdf_input": {"supported": True},
            "structured_outputs": {"supported": True},
            "thinking": {"supported": False},
            "unheard_of": {"supported": True},
        },
        lifecycle="active",
    )
    pages = {
        "/v1/models?limit=1000": {
            "data": [told, row("claude-1", lifecycle="retired")],
            "has_more": True,
            "last_id": "claude-1",
        },
        "/v1/models?limit=1000&after_id=claude-1": {
            "data": [row("claude-3-haiku-20240307", lifecycle="deprecated"), {"id": 5}, None],
            "has_more": False,
            "last_id": "x",
        },
    }
    async with serving(pages) as served:
        found = await discovered(served.url, "anthropic", wire="anthropic")
    assert list(found) == ["claude-opus-5-5", "claude-3-haiku-20240307"]
    opus = found["claude-opus-5-5"]
    assert (opus.window, opus.max_output, opus.deprecated) == (1_000_000, 128_000, False)
    assert opus.can == {Capability.IMAGES, Capability.DOCUMENTS, Capability.JSON_SCHEMA}
    assert opus.cannot == {Capability.REASONING}
    assert found["claude-3-haiku-20240307"].deprecated
    assert len(served.asked) == 2


async def test_claudes_pages_end_even_where_the_server_says_that_they_do_not() -> None:
    async with serving(lambda _path, _body: {"data": [{"id": "a"}], "has_more": True, "last_id": "a"}) as served:
        assert list(await discovered(served.url, "anthropic", wire="anthropic")) == ["a"]
    assert len(served.asked) == 10


async def test_geminis_list_says_limits_and_what_embeds() -> None:
    rows = [
        {
            "name": "models/gemini-2.5-flash",
            "displayName": "Gemini 2.5 Flash",
            "inputTokenLimit": 1048576,
            "outputTokenLimit": 65536,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
            "thinking": True,
        },
        {
            "name": "models/gemini-embedding-001",
            "inputTokenLimit": 2048,
            "supportedGenerationMethods": ["embedContent"],
        },
    ]
    second = {"models": [{"name": "models/gemma-4-31b-it"}]}

    def pages(path: str, _body: Any) -> Any:
        return second if "pageToken=next" in path else {"models": rows, "nextPageToken": "next"}

    async with serving(pages) as served:
        found = await discovered(served.url, "google", wire="google")
    assert list(found) == ["gemini-2.5-flash", "gemini-embedding-001", "gemma-4-31b-it"]
    flash = found["gemini-2.5-flash"]
    assert (flash.window, flash.max_output, flash.can) == (1_048_576, 65_536, {Capability.REASONING})
    assert found["gemini-embedding-001"].tags == {"embedding"}


@pytest.mark.parametrize(("name", "wire"), [("anthropic", "anthropic"), ("google", "google")])
async def test_a_wrong_key_is_told_without_the_key(name: str, wire: Wire) -> None:
    said = {
        "error": {"type": "authentication_error", "code": 401, "status": "UNAUTHENTICATED", "message": f"bad {KEY}"}
    }
    async with serving(lambda _path, _body: (401, said)) as served:
        with pytest.raises(ProviderError) as raised:
            await discovered(served.url, name, wire=wire)
    assert raised.value.kind is ErrorKind.AUTHENTICATION
    assert KEY not in raised.value.message
