"""Ollama: names from the OpenAI-compatible list, windows and capabilities from its own wire."""

from typing import Any

from contracts.routing import Capability
from tests.discovery.serving import discovered, serving

LIST = {
    "object": "list",
    "data": [
        {"id": "qwen3:8b", "object": "model", "created": 1746000000, "owned_by": "library"},
        {"id": "nomic-embed-text:latest", "object": "model", "created": 1746000000, "owned_by": "library"},
        {"id": "gemma3:4b", "object": "model", "created": 1746000000, "owned_by": "library"},
    ],
}
SHOWN: dict[str, Any] = {
    "qwen3:8b": {
        "parameters": "temperature 0.6\nnum_ctx                        16384\ntop_k 20",
        "details": {"family": "qwen3", "parameter_size": "8.2B", "quantization_level": "Q4_K_M"},
        "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40960},
        "capabilities": ["completion", "tools", "thinking"],
    },
    "nomic-embed-text:latest": {
        "model_info": {"nomic-bert.context_length": 2048},
        "capabilities": ["embedding"],
    },
    "gemma3:4b": {"model_info": {"gemma3.context_length": 131072}, "capabilities": ["completion", "vision"]},
}


def ollama(path: str, body: Any) -> Any:
    """Answers as Ollama does."""
    if path == "/v1/models":
        return LIST
    return SHOWN.get(body["model"], 404) if path == "/api/show" else 404


async def test_windows_and_capabilities_come_from_its_own_wire() -> None:
    async with serving(ollama) as served:
        found = await discovered(f"{served.url}/v1", "ollama")
    assert list(found) == list(SHOWN)
    assert [one.window for one in found.values()] == [16_384, 2_048, 131_072]
    assert found["qwen3:8b"].can == {Capability.TOOLS, Capability.REASONING}
    assert found["qwen3:8b"].cannot == {Capability.IMAGES}
    assert found["gemma3:4b"].can == {Capability.IMAGES}
    assert found["nomic-embed-text:latest"].tags == {"embedding"}
    assert served.asked[0] == "GET /v1/models"
    assert sorted(served.asked[1:]) == ["POST /api/show"] * 3


async def test_it_is_known_by_its_rows_whatever_it_is_called() -> None:
    async with serving(ollama) as served:
        assert (await discovered(f"{served.url}/v1", "desk"))["qwen3:8b"].window == 16_384


async def test_another_server_is_not_asked_on_ollamas_wire() -> None:
    async with serving({"/v1/models": {"data": [{"id": "m", "owned_by": "vllm"}]}}) as served:
        await discovered(f"{served.url}/v1", "desk")
    assert served.asked == ["GET /v1/models"]


async def test_a_model_that_cannot_be_described_stays_as_it_was_listed() -> None:
    def partly(path: str, body: Any) -> Any:
        if path == "/api/show" and body["model"] == "qwen3:8b":
            return 500, {"error": "out of memory"}
        return ollama(path, body)

    async with serving(partly) as served:
        found = await discovered(f"{served.url}/v1", "ollama")
    assert found["qwen3:8b"].model_dump(exclude_defaults=True) == {"name": "qwen3:8b"}
    assert found["gemma3:4b"].window == 131_072


async def test_an_older_one_says_less() -> None:
    def older(path: str, _body: Any) -> Any:
        return LIST if path == "/v1/models" else {"model_info": {"llama.context_length": "long"}, "parameters": None}

    async with serving(older) as served:
        found = await discovered(f"{served.url}/v1", "ollama")
    assert all(one.model_dump(exclude_defaults=True) == {"name": name} for name, one in found.items())
