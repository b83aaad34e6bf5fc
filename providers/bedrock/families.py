"""What the models at Bedrock can take and give, told from their ids."""

import re
from dataclasses import dataclass

from providers.anthropic.families import Family as ClaudeFamily
from providers.anthropic.families import capabilities_of as claude_capabilities
from providers.anthropic.families import family_of as claude_family
from providers.protocol import Capabilities

_MAKERS = (
    "ai21|amazon|anthropic|cohere|deepseek|google|luma|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|qwen|stability|"
    "twelvelabs|writer|zai"
)
_ID = re.compile(rf"(?:^|[./])(?P<maker>{_MAKERS})\.(?P<name>[^/]+)$")
_TOOLLESS = re.compile(r"titan|llama-?2|llama3-(?:8b|70b)|mistral-7b|jurassic|j2-|deepseek\.r1|gemma")
_SIGHTED = re.compile(
    r"nova-(?:2|lite|pro|premier)|llama3-2-(?:11|90)b|llama4|pixtral|mistral-large-3|gemma-3|qwen3-vl|palmyra-v"
)
_PAPERLESS = re.compile(r"nova-micro|titan-image|stability\.|luma\.|twelvelabs\.")
_THINKERS = re.compile(r"nova-2|deepseek\.|gpt-oss|qwen3|kimi|minimax|glm|magistral|nemotron")


@dataclass(frozen=True, slots=True)
class Family:
    """Who made a model, and its name without region or version prefix. `maker` is empty where the id does not tell, as with the
    ARN of an application's inference profile.
    """

    maker: str
    name: str

    @property
    def claude(self) -> ClaudeFamily | None:
        """What is known of a Claude, None for any other model."""
        return claude_family(self.name) if "claude" in self.name else None

    @property
    def is_nova(self) -> bool:
        """One of Amazon's Nova models."""
        return "nova" in self.name and self.maker in ("amazon", "")

    @property
    def takes_prefill(self) -> bool:
        """It goes on from an assistant message at the end: elder Claudes and the first Novas."""
        if self.claude is not None:
            return self.claude.takes_prefill
        return self.is_nova and "nova-2" not in self.name


def family_of(model: str) -> Family:
    """The family of a model's id: bare (`amazon.nova-pro-v1:0`), of an inference profile (`us.anthropic.claude-…`), or an ARN."""
    id_ = model.lower().replace("%2f", "/").split("/")[-1] if model.startswith("arn:") else model.lower()
    found = _ID.search(id_)
    return Family(found["maker"], found["name"]) if found else Family("", id_)


def capabilities_of(model: str) -> Capabilities:
    """What a model can take and give over Converse (https://docs.aws.amazon.com/bedrock/latest/userguide/
    conversation-inference-supported-models-features.html). What is not known counts as possible for tools and documents, and as
    missing for images and thought.
    """
    family = family_of(model)
    if family.claude is not None:
        return claude_capabilities(family.name)
    full = f"{family.maker}.{family.name}"
    takes_tools = not _TOOLLESS.search(full)
    return Capabilities(
        tools=takes_tools,
        parallel_tools=takes_tools,
        json_schema=not family.is_nova and takes_tools,
        images=bool(_SIGHTED.search(full)) or not family.maker,
        documents=not _PAPERLESS.search(full),
        audio="nova-2-omni" in full or "voxtral" in full,
        reasoning=bool(_THINKERS.search(full)) or not family.maker,
        prefill=family.takes_prefill,
        streaming=True,
    )
