"""Conversations of everything that OpenAI's wires can carry, for property tests."""

import base64

from hypothesis import strategies as st

from contracts.parts import (
    AudioPart,
    BytesSource,
    Citation,
    DocumentPart,
    FileSource,
    ImagePart,
    Message,
    ProviderPart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)

OPENAI = "openai"
texts = st.text(max_size=40)
said = st.text(min_size=1, max_size=40)
words = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=20)
contents = st.binary(max_size=12).map(lambda raw: base64.b64encode(raw).decode())
urls = words.map(lambda word: UrlSource(url=f"https://example.org/{word}"))
files = words.map(lambda word: FileSource(file_id=f"file-{word}"))
pictures = st.builds(BytesSource, media_type=st.sampled_from(["image/png", "image/webp"]), content=contents)
sounds = st.builds(BytesSource, media_type=st.sampled_from(["audio/wav", "audio/mp3"]), content=contents)
papers = st.builds(BytesSource, media_type=st.sampled_from(["application/pdf", "text/plain"]), content=contents)
details = st.sampled_from([None, "low", "high"])

plain_texts = st.builds(TextPart, text=texts)
chat_inputs = st.one_of(
    plain_texts,
    st.builds(ImagePart, source=st.one_of(urls, pictures), detail=details),
    st.builds(AudioPart, source=sounds),
    st.builds(DocumentPart, source=papers, name=words),
    st.builds(DocumentPart, source=files),
)
responses_inputs = st.one_of(
    plain_texts,
    st.builds(ImagePart, source=st.one_of(urls, pictures, files), detail=details),
    st.builds(DocumentPart, source=papers, name=words),
    st.builds(DocumentPart, source=st.one_of(files, urls)),
)
calls = st.builds(
    ToolCallPart,
    id=words,
    name=words,
    arguments=texts,
    kind=st.sampled_from(["function", "custom"]),
    provider=st.just(OPENAI),
)


def _chat_answer(thought: str, spoken: list[TextPart], refusal: str, asked: list[ToolCallPart], field: str) -> Message:
    parts = [
        *([ReasoningPart(text=thought, provider=OPENAI, id=field)] if thought else []),
        *spoken,
        *([RefusalPart(text=refusal)] if refusal else []),
        *asked,
    ]
    return Message(role="assistant", parts=tuple(parts))


chat_answers = st.builds(
    _chat_answer,
    texts,
    st.lists(plain_texts, max_size=2),
    texts,
    st.lists(calls, max_size=2),
    st.sampled_from(["reasoning_content", "reasoning"]),
).filter(lambda message: bool(message.parts))
prompts = st.builds(
    lambda role, text: Message(role=role, parts=(text,)), st.sampled_from(["system", "developer"]), plain_texts
)


def _result(call_id: str, found: list[TextPart], kind: str) -> Message:
    result = {"call_id": call_id, "content": [part.model_dump() for part in found], "kind": kind}
    return Message(role="tool", parts=(ToolResultPart.model_validate(result),))


chat_conversations = st.lists(
    st.one_of(
        prompts,
        st.lists(chat_inputs, min_size=1, max_size=3).map(lambda parts: Message(role="user", parts=tuple(parts))),
        chat_answers,
        st.builds(_result, words, st.lists(plain_texts, min_size=1, max_size=2), st.just("function")),
    ),
    min_size=1,
    max_size=6,
)

citations = st.builds(
    lambda url, at: Citation(
        provider=OPENAI, raw={"type": "url_citation", "url": url, "start_index": at, "end_index": at + 1}
    ),
    words,
    st.integers(0, 9),
)
spoken_items = st.builds(
    TextPart,
    text=said,
    citations=st.lists(citations, max_size=2).map(tuple),
    provider=st.just(OPENAI),
    id=words.map(lambda word: f"msg_{word}"),
    phase=st.sampled_from([None, "commentary", "final_answer"]),
)


def _thought(item_id: str, summaries: list[str], shown: str, encrypted: str | None) -> ReasoningPart:
    return ReasoningPart(
        text=shown or "\n\n".join(summaries),
        redacted=encrypted,
        provider=OPENAI,
        id=f"rs_{item_id}",
        summaries=tuple(summaries),
    )


thoughts = st.builds(_thought, words, st.lists(said, max_size=2), texts, st.one_of(st.none(), words))
item_calls = st.builds(
    lambda call, item_id, namespace: call.model_copy(update={"item_id": f"fc_{item_id}", "namespace": namespace}),
    calls,
    words,
    st.one_of(st.none(), words),
)
server_items = st.builds(
    lambda item_id, query: ProviderPart(
        provider=OPENAI,
        payload={"type": "web_search_call", "id": item_id, "action": {"type": "search", "query": query}},
    ),
    words,
    texts,
)
responses_conversations = st.lists(
    st.one_of(
        prompts,
        st.lists(responses_inputs, min_size=1, max_size=3).map(lambda parts: Message(role="user", parts=tuple(parts))),
        st.lists(st.one_of(spoken_items, thoughts, item_calls, server_items), min_size=1, max_size=4).map(
            lambda parts: Message(role="assistant", parts=tuple(parts))
        ),
        st.builds(
            _result,
            words,
            st.lists(plain_texts, min_size=1, max_size=2),
            st.sampled_from(["function", "custom"]),
        ),
    ),
    min_size=1,
    max_size=6,
)
