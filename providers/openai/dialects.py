"""How the servers that speak the chat wire differ from OpenAI in what they take.

A knob that a server refuses, or is known to overlook, is left out and reported rather than sent.
"""

from dataclasses import dataclass
from typing import Literal

_SAMPLING = ("frequency_penalty", "presence_penalty")
_LOGPROBS = ("logit_bias", "logprobs", "top_logprobs")


@dataclass(frozen=True, slots=True)
class Dialect:
    """One server's way with the chat wire.

    `max_tokens`, `seed`: its names for these fields. `any_tool`: its word for "some tool must be called". `lacks`: knobs that
    it has not. `counts_streams`: it is asked for a stream's usage by `stream_options`. `names`: it takes the names of speakers.
    `top_k`: it takes that knob. `effort`: where the reasoning effort goes; `switches_thought`: thought is switched off by
    `thinking`, not by an effort. `cache_control`: marks of what to cache go on parts, as at Anthropic. `short_ids`: a tool
    call's id has exactly nine letters and digits, else at most `longest_id` characters. `documents`: `document_url` or
    OpenAI's `file`. `fetches_files`: a file may be a URL. `wants_thought`: its thought has to come back, on the chat wire as
    `reasoning_content` beside every call. `prefills`: it goes on from a begun answer, which `marks_prefill` asks to be marked
    as one. `json_schema`: it takes a schema for its output.
    """

    max_tokens: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    seed: str = "seed"
    any_tool: str = "required"
    lacks: frozenset[str] = frozenset()
    counts_streams: bool = True
    names: bool = True
    top_k: bool = False
    effort: Literal["reasoning_effort", "reasoning"] = "reasoning_effort"
    switches_thought: bool = False
    cache_control: bool = False
    short_ids: bool = False
    longest_id: int = 64
    documents: Literal["file", "document_url"] = "file"
    fetches_files: bool = False
    wants_thought: bool = False
    prefills: bool = True
    marks_prefill: bool = False
    json_schema: bool = True


OPENAI = Dialect(max_tokens="max_completion_tokens", prefills=False, longest_id=40)
"""OpenAI itself, and Azure. Its error for a longer id says "maximum length 40"."""

PLAIN = Dialect()
"""A server of which nothing is known: the wire's oldest names, which all of them take."""

_DIALECTS: dict[str, Dialect] = {
    "azure": OPENAI,
    "bedrock-mantle": Dialect(max_tokens="max_completion_tokens", prefills=False),
    # inference-docs.cerebras.ai/resources/openai: answers 400 to these.
    "cerebras": Dialect(
        max_tokens="max_completion_tokens", lacks=frozenset({*_SAMPLING, "logit_bias", "verbosity"}), prefills=False
    ),
    # api-docs.deepseek.com/api/create-chat-completion, /guides/thinking_mode; prefixes are for its `/beta` address alone.
    "deepseek": Dialect(
        lacks=frozenset({"seed", "logit_bias", "parallel_tool_calls", "service_tier", "verbosity", "user"}),
        switches_thought=True,
        wants_thought=True,
        prefills=False,
        json_schema=False,
    ),
    "fireworks": Dialect(top_k=True),
    # ai.google.dev/gemini-api/docs/openai: a field that is unknown is a 400.
    "google-openai": Dialect(lacks=frozenset({*_LOGPROBS, "service_tier", "verbosity", "user"}), prefills=False),
    # console.groq.com/docs/openai: "will result in a 400 error".
    "groq": Dialect(max_tokens="max_completion_tokens", lacks=frozenset({*_LOGPROBS, "verbosity"}), names=False),
    "huggingface": Dialect(top_k=True),
    # docs.mistral.ai/api: unknown fields are refused, calls have ids of nine, a stream's usage comes unasked.
    "mistral": Dialect(
        seed="random_seed",
        any_tool="any",
        lacks=frozenset({*_LOGPROBS, "service_tier", "verbosity", "user"}),
        counts_streams=False,
        names=False,
        short_ids=True,
        documents="document_url",
        marks_prefill=True,
    ),
    # github.com/ollama/ollama, docs/openai.md: what is not listed there is overlooked without a word.
    "ollama": Dialect(lacks=frozenset({"logit_bias", "user", "parallel_tool_calls", "service_tier", "verbosity"})),
    # openrouter.ai/docs: who answers is its choice, and not each of them goes on from a begun answer.
    "openrouter": Dialect(
        max_tokens="max_completion_tokens",
        top_k=True,
        effort="reasoning",
        cache_control=True,
        fetches_files=True,
        prefills=False,
    ),
    "perplexity": Dialect(
        lacks=frozenset({"seed", *_LOGPROBS, "parallel_tool_calls", "verbosity", "user"}), top_k=True
    ),
    # docs.snowflake.com, "Cortex REST API": other makers' models behind one door, like a router.
    "snowflake": Dialect(max_tokens="max_completion_tokens", effort="reasoning", cache_control=True, prefills=False),
    "together": Dialect(top_k=True),
    # docs.x.ai/docs/models: its thinking models, which are nearly all, refuse the penalties.
    "xai": Dialect(
        max_tokens="max_completion_tokens", lacks=frozenset({*_SAMPLING, "logit_bias", "verbosity"}), prefills=False
    ),
    # docs.z.ai/api-reference/llm/chat-completion
    "zai": Dialect(
        lacks=frozenset({*_SAMPLING, *_LOGPROBS, "seed", "parallel_tool_calls", "service_tier", "verbosity", "user"}),
        switches_thought=True,
        prefills=False,
    ),
}


def dialect_of(vendor: str, *, is_vendor: bool) -> Dialect:
    """The dialect of the service `vendor` (a name of `providers/presets.py`); `is_vendor`: it is OpenAI's own."""
    return OPENAI if is_vendor else _DIALECTS.get(vendor, PLAIN)
