"""The lists of services that resemble OpenAI, in the shapes that their references give."""

import asyncio
import json
import lzma
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from contracts.errors import ErrorKind, ProviderError
from contracts.routing import Capability
from providers.discovery import MOST_MODELS
from providers.openai.listing import list_models
from providers.protocol import ProviderConfig
from tests.discovery.serving import KEY, discovered, serving

PATH = "/v1/models"


async def listed(body: Any, name: str = "house") -> Any:
    async with serving({PATH: body}) as served:
        return await discovered(f"{served.url}/v1", name)


async def test_openais_own_rows_name_models_and_nothing_more() -> None:
    rows = [{"id": "gpt-4o", "object": "model", "created": 1715367049, "owned_by": "system"}]
    found = await listed({"object": "list", "data": [*rows, *rows]})
    assert list(found) == ["gpt-4o"]
    said = found["gpt-4o"]
    assert (said.window, said.max_output, said.can, said.cannot, said.deprecated) == (None, None, set(), set(), False)


async def test_openrouter_says_windows_modalities_and_parameters() -> None:
    seer = {
        "id": "openai/gpt-4o",
        "canonical_slug": "openai/gpt-4o",
        "name": "OpenAI: GPT-4o",
        "context_length": 128000,
        "architecture": {
            "input_modalities": ["text", "image", "file"],
            "output_modalities": ["text"],
            "tokenizer": "GPT",
        },
        "pricing": {"prompt": "0.0000025", "completion": "0.00001"},
        "top_provider": {"context_length": 128000, "max_completion_tokens": 16384, "is_moderated": True},
        "supported_parameters": ["max_tokens", "response_format", "structured_outputs", "tool_choice", "tools"],
    }
    plain = {
        "id": "old/model",
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "top_provider": {"context_length": 4096, "max_completion_tokens": None},
        "supported_parameters": ["temperature"],
        "expiration_date": "2026-12-01",
    }
    painter = {"id": "paint/er", "architecture": {"input_modalities": ["text"], "output_modalities": ["image"]}}
    found = await listed({"data": [seer, plain, painter]}, "openrouter")
    can = found["openai/gpt-4o"].can
    assert can == {Capability.TOOLS, Capability.JSON_SCHEMA, Capability.IMAGES, Capability.DOCUMENTS}
    assert found["openai/gpt-4o"].cannot == {Capability.REASONING, Capability.AUDIO}
    assert (found["openai/gpt-4o"].window, found["openai/gpt-4o"].max_output) == (128_000, 16_384)
    assert (found["old/model"].window, found["old/model"].max_output, found["old/model"].deprecated) == (
        4_096,
        None,
        True,
    )
    assert Capability.TOOLS in found["old/model"].cannot
    assert found["paint/er"].tags == {"image"}


async def test_together_answers_with_the_bare_list() -> None:
    rows = [
        {
            "id": "meta-llama/Llama-3.3-70B-Instruct-Turbo",
            "object": "model",
            "type": "chat",
            "context_length": 131072,
            "pricing": {"hourly": 0, "input": 0.88, "output": 0.88, "base": 0, "finetune": 0},
        },
        {"id": "BAAI/bge-base-en-v1.5", "object": "model", "type": "embedding", "context_length": 512},
        {"id": "Salesforce/Llama-Rank-V1", "object": "model", "type": "rerank"},
    ]
    found = await listed(rows, "together")
    assert found["meta-llama/Llama-3.3-70B-Instruct-Turbo"].window == 131_072
    assert [sorted(one.tags) for one in found.values()] == [[], ["embedding"], ["rerank"]]


async def test_behind_huggingfaces_router_counts_what_all_live_servers_can() -> None:
    row = {
        "id": "openai/gpt-oss-120b",
        "object": "model",
        "owned_by": "openai",
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "providers": [
            {
                "provider": "groq",
                "status": "live",
                "context_length": 131072,
                "supports_tools": True,
                "supports_structured_output": True,
            },
            {
                "provider": "novita",
                "status": "live",
                "context_length": 65536,
                "supports_tools": True,
                "supports_structured_output": False,
            },
            {"provider": "slow", "status": "staging", "context_length": 1024, "supports_tools": False},
        ],
    }
    said = (await listed({"object": "list", "data": [row]}, "huggingface"))["openai/gpt-oss-120b"]
    assert said.window == 65_536
    assert said.can == {Capability.TOOLS}
    assert said.cannot >= {Capability.JSON_SCHEMA, Capability.IMAGES}


async def test_mistral_says_capabilities_aliases_and_ends() -> None:
    row = {
        "id": "mistral-large-2512",
        "object": "model",
        "capabilities": {"completion_chat": True, "function_calling": True, "vision": True, "reasoning": False},
        "max_context_length": 262144,
        "aliases": ["mistral-large-latest", "mistral-large-2512", 7],
        "deprecation": None,
    }
    ends = {"id": "open-mistral-7b", "capabilities": {"completion_chat": True}, "deprecation": "2026-03-30T12:00:00Z"}
    embeds = {"id": "strange", "capabilities": {"completion_chat": False}}
    found = await listed({"data": [row, ends, embeds]}, "mistral")
    large = found["mistral-large-2512"]
    assert (large.window, large.aliases, large.deprecated) == (262_144, ("mistral-large-latest",), False)
    assert (large.can, large.cannot) == ({Capability.TOOLS, Capability.IMAGES}, {Capability.REASONING})
    assert found["open-mistral-7b"].deprecated
    assert found["strange"].tags == {"completion"}


async def test_groq_names_what_is_switched_off() -> None:
    rows = [
        {"id": "llama-3.3-70b-versatile", "active": True, "context_window": 131072, "max_completion_tokens": 32768},
        {"id": "gone", "active": False, "context_window": 8192},
    ]
    found = await listed({"object": "list", "data": rows}, "groq")
    assert list(found) == ["llama-3.3-70b-versatile"]
    assert (found["llama-3.3-70b-versatile"].window, found["llama-3.3-70b-versatile"].max_output) == (131_072, 32_768)


async def test_vllm_and_llama_cpp_say_what_they_were_started_with() -> None:
    vllm = {"id": "Qwen/Qwen3-8B", "object": "model", "owned_by": "vllm", "max_model_len": 32768}
    llama_cpp = {"id": "gemma.gguf", "owned_by": "llamacpp", "meta": {"n_ctx_train": 131072, "n_ctx": 8192}}
    older = {"id": "older.gguf", "owned_by": "llamacpp", "meta": {"n_ctx_train": 131072}}
    found = await listed({"data": [vllm, llama_cpp, older]})
    assert [one.window for one in found.values()] == [32_768, 8_192, 131_072]


async def test_geminis_compatible_surface_prefixes_names() -> None:
    assert list(await listed({"data": [{"id": "models/gemini-2.5-flash"}]}, "google-openai")) == ["gemini-2.5-flash"]


async def test_cerebras_list_as_it_was_recorded(recordings: Path) -> None:
    with lzma.open(recordings / "cassettes.jsonl.xz", "rt") as lines:
        every = (json.loads(line) for line in lines if '"cerebras"' in line)
        body = next(one["response_body"] for one in every if one["path"] == PATH)
    assert "gpt-oss-120b" in await listed(json.loads(body), "cerebras")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"data": None},
        {"data": "x"},
        {"data": [None, 3, "x", {}, {"id": ""}, {"id": 7}, {"id": "a\nb"}, {"id": "x" * 301}]},
    ],
    ids=["nothing", "an empty list", "null", "text", "rows of anything"],
)
async def test_what_names_no_model_is_passed_over(body: Any) -> None:
    assert await listed(body) == {}


async def test_strange_values_are_not_taken_for_facts() -> None:
    row = {
        "id": "odd",
        "context_length": "a lot",
        "max_model_len": -5,
        "context_window": True,
        "capabilities": ["chat"],
        "architecture": "mixture",
        "providers": {"a": 1},
        "aliases": "none",
        "supported_parameters": None,
        "type": 7,
        "deprecation": "",
    }
    said = (await listed({"data": [row]}))["odd"]
    assert said.model_dump(exclude_defaults=True) == {"name": "odd"}


async def test_no_more_than_the_most_are_believed() -> None:
    found = await listed({"data": [{"id": f"m{number}"} for number in range(MOST_MODELS + 7)]})
    assert len(found) == MOST_MODELS


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((401, {"error": {"message": "bad key"}}), ErrorKind.AUTHENTICATION),
        ((429, {"error": {"message": "slow down"}}), ErrorKind.RATE_LIMITED),
        ((500, "<html>"), ErrorKind.UNAVAILABLE),
        ((200, "<html>no json</html>"), ErrorKind.UNAVAILABLE),
    ],
    ids=["401", "429", "500", "html"],
)
async def test_failures_are_of_a_kind_and_without_the_key(answer: tuple[int, Any], kind: ErrorKind) -> None:
    async with serving(lambda _path, _body: answer) as served:
        with pytest.raises(ProviderError) as raised:
            await discovered(f"{served.url}/v1")
    assert raised.value.kind is kind
    assert KEY not in raised.value.message


async def test_nobody_there() -> None:
    async with serving({}) as served:
        url = served.url
    with pytest.raises(ProviderError) as raised:
        await discovered(f"{url}/v1")
    assert raised.value.kind is ErrorKind.UNAVAILABLE


async def test_a_silent_server_is_left_in_time() -> None:
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        left.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(ProviderError, match=r"within 0\.2 s") as raised:
        await discovered(f"{url}/v1", seconds=0.2)
    assert raised.value.kind is ErrorKind.TIMEOUT
    async with asyncio.timeout(10):
        await left.wait()
    server.close()


async def test_nothing_is_taken_from_azure_which_lists_what_could_be_deployed() -> None:
    client = SimpleNamespace(base_url=SimpleNamespace(host="resource.openai.azure.com"))
    assert await list_models(cast(Any, client), ProviderConfig("azure", "openai", KEY)) == ()
