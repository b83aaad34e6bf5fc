"""Services with a way of their own to say who asks: Azure's header and paths, AWS's signature, Google's tokens."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from contracts.errors import ErrorKind, ProviderError
from contracts.models import ModelRef
from contracts.parts import Message, TextPart
from contracts.requests import ModelRequest
from providers.collect import complete
from providers.protocol import ProviderConfig
from providers.registry import build, warm
from providers.stanzas import Stanza, configure

CHAT = {"id": "c1", "model": "m", "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "yes"}}]}
GEMINI = {"candidates": [{"content": {"parts": [{"text": "yes"}], "role": "model"}, "finishReason": "STOP"}]}
TOKEN = {"access_token": "ya29.short-lived", "expires_in": 3600, "token_type": "Bearer"}


@dataclass
class Call:
    """What a server was asked."""

    line: str
    headers: dict[str, str]
    body: bytes


@asynccontextmanager
async def server() -> AsyncIterator[tuple[str, list[Call]]]:
    """A server of all three: it answers a chat, a Gemini stream, and a request for a token."""
    calls: list[Call] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode().strip()
        headers: dict[str, str] = {}
        while (field := (await reader.readline()).strip()) != b"":
            name, _, value = field.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        calls.append(Call(line, headers, await reader.readexactly(int(headers.get("content-length", 0)))))
        kind = "application/json"
        if "/token" in line:
            body = json.dumps(TOKEN)
        elif "streamGenerateContent" in line:
            kind, body = "text/event-stream", f"data: {json.dumps(GEMINI)}\r\n\r\n"
        else:
            body = json.dumps(CHAT)
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write((head + body).encode())
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", calls
    finally:
        listening.close()


async def ask(config: ProviderConfig, model: str = "m") -> str:
    (provider,) = build([config]).values()
    request = ModelRequest(
        model=ModelRef(provider=config.name, model=model),
        messages=(Message(role="user", parts=(TextPart(text="is it?"),)),),
    )
    try:
        return (await complete(provider, request, call_id="c")).text
    finally:
        await provider.close()


def account(url: str) -> dict[str, Any]:
    """A service account whose tokens `url` gives."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return {
        "type": "service_account",
        "project_id": "another-project",
        "private_key": pem.decode(),
        "client_email": "worker@another-project.iam.gserviceaccount.com",
        "token_uri": f"{url}/token",
    }


def stanza(given: Stanza, **variables: str) -> ProviderConfig:
    return configure(given, lambda name: variables.get(name, ""))


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without credentials of anybody's."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_CLOUD_PROJECT", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


async def test_azures_deployments_are_paths_and_its_key_a_header_of_its_own() -> None:
    async with server() as (url, calls):
        config = stanza(Stanza("azure", base_url=url, api_version="2024-10-21", api_key="azure-key"))
        assert await ask(config, "my-deployment") == "yes"
    assert calls[0].line == "POST /openai/deployments/my-deployment/chat/completions?api-version=2024-10-21 HTTP/1.1"
    assert calls[0].headers["api-key"] == "azure-key"
    assert "authorization" not in calls[0].headers


async def test_azures_v1_has_plain_paths_and_the_same_header() -> None:
    async with server() as (url, calls):
        assert await ask(stanza(Stanza("azure", base_url=url, api_key="azure-key")), "gpt-4o") == "yes"
    assert calls[0].line == "POST /openai/v1/chat/completions HTTP/1.1"
    assert calls[0].headers["api-key"] == "azure-key"
    assert "authorization" not in calls[0].headers


async def test_mantle_takes_a_token() -> None:
    async with server() as (url, calls):
        given = Stanza("bedrock-mantle", base_url=f"{url}/openai/v1", location="us-east-1")
        assert await ask(stanza(given, AWS_BEARER_TOKEN_BEDROCK="abc")) == "yes"
    assert calls[0].headers["authorization"] == "Bearer abc"


async def test_mantle_is_signed_for_where_there_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-nobody")
    async with server() as (url, calls):
        given = Stanza("bedrock-mantle", base_url=f"{url}/openai/v1", location="us-east-1")
        assert await ask(stanza(given)) == "yes"
    signed = calls[0].headers["authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=AKIATEST/")
    assert "/us-east-1/bedrock-mantle/aws4_request" in signed


async def test_mantle_without_any_credential_says_so() -> None:
    config = stanza(Stanza("bedrock-mantle", base_url="http://127.0.0.1:9/v1", location="us-east-1"))
    with pytest.raises(ProviderError) as raised:
        await ask(config)
    assert raised.value.kind is ErrorKind.AUTHENTICATION
    assert "credentials" in raised.value.message


async def test_vertex_asks_google_auth_for_a_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with server() as (url, calls):
        (tmp_path / "credentials.json").write_text(json.dumps(account(url)))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "credentials.json"))
        config = stanza(Stanza("vertex", project="my-project", location="europe-west4", base_url=url))
        assert await ask(config, "gemini-2.5-flash") == "yes"
    token, call = calls
    assert token.line.startswith("POST /token")
    assert call.line == (
        "POST /v1beta1/projects/my-project/locations/europe-west4/publishers/google/models/gemini-2.5-flash"
        ":streamGenerateContent?alt=sse HTTP/1.1"
    )
    assert call.headers["authorization"] == "Bearer ya29.short-lived"


async def test_vertex_without_credentials_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nowhere.json"))
    with pytest.raises(ProviderError, match="GOOGLE_APPLICATION_CREDENTIALS") as raised:
        await ask(stanza(Stanza("vertex", project="my-project", base_url="http://127.0.0.1:9")), "gemini-2.5-flash")
    assert raised.value.kind is ErrorKind.AUTHENTICATION


async def test_vertex_takes_a_key_without_a_project() -> None:
    async with server() as (url, calls):
        assert await ask(stanza(Stanza("vertex", base_url=url, api_key="express")), "gemini-2.5-flash") == "yes"
    assert calls[0].line.startswith("POST /v1beta1/publishers/google/models/gemini-2.5-flash:streamGenerateContent")
    assert calls[0].headers["x-goog-api-key"] == "express"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Stanza("mistral"), "set MISTRAL_API_KEY"),
        (Stanza("azure", base_url="http://127.0.0.1:9"), "set AZURE_OPENAI_API_KEY"),
        (Stanza("vertex"), "set project"),
    ],
    ids=["mistral", "azure", "vertex"],
)
async def test_a_missing_credential_is_named(given: Stanza, said: str) -> None:
    with pytest.raises(ProviderError, match=said) as raised:
        await ask(stanza(given))
    assert raised.value.kind is ErrorKind.AUTHENTICATION


async def test_the_google_client_is_built_ahead() -> None:
    async with server() as (url, _calls):
        providers = build([stanza(Stanza("vertex", base_url=url, api_key="express"))])
        await warm(providers.values())
        assert getattr(providers["vertex"], "_built", None) is not None
        for provider in providers.values():
            await provider.close()
