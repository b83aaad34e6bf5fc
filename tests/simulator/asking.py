"""The vendors' clients behind one face, so that a test can ask the same of all four wires."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import anthropic
import httpx2
import openai
from google import genai
from google.genai import errors as google_errors

from providers.simulator.control import Simulator

KEY = "sk-simulated-0123456789"
WIRES = ("chat", "responses", "anthropic", "google")
VENDOR = {"chat": "openai", "responses": "openai", "anthropic": "anthropic", "google": "google"}
ENDPOINT = {"chat": "chat.completions", "responses": "responses", "anthropic": "messages", "google": "generateContent"}


@dataclass
class Heard:
    """What a client got out of an answer."""

    text: str = ""
    finish: str | None = None
    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning_tokens: int = 0


def openai_client(simulator: Simulator, key: str = KEY) -> Any:
    """OpenAI's client, retries off. The address is plain HTTP: no certificates need loading."""
    return openai.AsyncOpenAI(
        base_url=simulator.openai_url,
        api_key=key,
        max_retries=0,
        timeout=20,
        http_client=httpx2.AsyncClient(verify=False),
    )


def anthropic_client(simulator: Simulator, key: str = KEY) -> Any:
    """Anthropic's client, retries off."""
    return anthropic.AsyncAnthropic(
        base_url=simulator.anthropic_url,
        api_key=key,
        max_retries=0,
        timeout=20,
        http_client=httpx2.AsyncClient(verify=False),
    )


def google_client(simulator: Simulator, key: str = KEY) -> Any:
    """Google's client, which does not retry by itself."""
    options: Any = {
        "base_url": simulator.google_url,
        "timeout": 20_000,
        "client_args": {"verify": False},
        # Without a transport of httpx the SDK takes aiohttp where that is installed, in a way of which aiohttp warns.
        "async_client_args": {"transport": httpx2.AsyncHTTPTransport(verify=False)},
    }
    return genai.Client(api_key=key, http_options=options)


async def listen(simulator: Simulator, wire: str, prompt: str = "Hello there", **knobs: Any) -> AsyncGenerator[str]:
    """The text of a streamed answer, piece by piece."""
    model, key = knobs.pop("model", "plain"), knobs.pop("key", KEY)
    messages = [{"role": "user", "content": prompt}]
    match wire:
        case "chat":
            async with openai_client(simulator, key) as client:
                async with await client.chat.completions.create(
                    model=model, messages=messages, stream=True, **knobs
                ) as stream:
                    async for chunk in stream:
                        if chunk.choices and chunk.choices[0].delta.content:
                            yield chunk.choices[0].delta.content
        case "responses":
            async with openai_client(simulator, key) as client:
                async with await client.responses.create(model=model, input=prompt, stream=True, **knobs) as stream:
                    async for event in stream:
                        if event.type == "response.output_text.delta":
                            yield event.delta
                        elif event.type == "response.failed":
                            raise StreamFailedError(event.response.error.code)
        case "anthropic":
            async with anthropic_client(simulator, key) as client:
                async with await client.messages.create(
                    model=model, max_tokens=4000, messages=messages, stream=True, **knobs
                ) as stream:
                    async for event in stream:
                        if event.type == "content_block_delta" and event.delta.type == "text_delta":
                            yield event.delta.text
        case "google":
            async with google_client(simulator, key).aio as client:
                async for chunk in await client.models.generate_content_stream(model=model, contents=prompt, **knobs):
                    if chunk.text:
                        yield chunk.text


class StreamFailedError(Exception):
    """A responses stream told of its failure."""


async def ask(simulator: Simulator, wire: str, prompt: str = "Hello there", **knobs: Any) -> Heard:
    """A whole answer, not streamed."""
    model, key = knobs.pop("model", "plain"), knobs.pop("key", KEY)
    messages = knobs.pop("messages", [{"role": "user", "content": prompt}])
    match wire:
        case "chat":
            async with openai_client(simulator, key) as client:
                said = await client.chat.completions.create(model=model, messages=messages, **knobs)
            choice = said.choices[0]
            return Heard(
                text=choice.message.content or "",
                finish=choice.finish_reason,
                input=said.usage.prompt_tokens,
                output=said.usage.completion_tokens,
                cached=said.usage.prompt_tokens_details.cached_tokens,
                reasoning_tokens=said.usage.completion_tokens_details.reasoning_tokens,
            )
        case "responses":
            async with openai_client(simulator, key) as client:
                answer = await client.responses.create(model=model, input=messages, **knobs)
            reason = answer.incomplete_details.reason if answer.incomplete_details else answer.status
            return Heard(
                text=answer.output_text,
                finish=reason,
                input=answer.usage.input_tokens,
                output=answer.usage.output_tokens,
                cached=answer.usage.input_tokens_details.cached_tokens,
                reasoning_tokens=answer.usage.output_tokens_details.reasoning_tokens,
            )
        case "anthropic":
            async with anthropic_client(simulator, key) as client:
                message = await client.messages.create(
                    model=model, max_tokens=knobs.pop("max_tokens", 4000), messages=messages, **knobs
                )
            details = message.usage.output_tokens_details
            return Heard(
                text="".join(block.text for block in message.content if block.type == "text"),
                finish=message.stop_reason,
                input=message.usage.input_tokens + message.usage.cache_read_input_tokens,
                output=message.usage.output_tokens,
                cached=message.usage.cache_read_input_tokens,
                reasoning_tokens=details.thinking_tokens if details else 0,
            )
        case _:
            contents = [
                {"role": "model" if message["role"] == "assistant" else "user", "parts": [{"text": message["content"]}]}
                for message in messages
            ]
            async with google_client(simulator, key).aio as client:
                generated = await client.models.generate_content(model=model, contents=contents, **knobs)
            usage = generated.usage_metadata
            return Heard(
                text=generated.text or "",
                finish=generated.candidates[0].finish_reason.value if generated.candidates else None,
                input=usage.prompt_token_count,
                output=(usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0),
                cached=usage.cached_content_token_count or 0,
                reasoning_tokens=usage.thoughts_token_count or 0,
            )


async def overhear(heard: list[str], simulator: Simulator, wire: str, **knobs: Any) -> None:
    """Listen to the end, putting every piece into `heard`."""
    async for piece in listen(simulator, wire, **knobs):
        heard.append(piece)


def headers_of(problem: Any) -> Any:
    """The headers of a client's error."""
    return problem.response.headers


def status_of(problem: BaseException) -> int:
    """The HTTP status of a client's error."""
    if isinstance(problem, google_errors.APIError):
        return problem.code
    assert isinstance(problem, openai.APIStatusError | anthropic.APIStatusError), repr(problem)
    return problem.status_code


CLIENT_ERRORS = (openai.OpenAIError, anthropic.AnthropicError, google_errors.APIError)
