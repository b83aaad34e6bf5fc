"""What a model's id tells."""

import pytest

from providers.bedrock.families import capabilities_of, family_of


@pytest.mark.parametrize(
    ("model", "maker", "name"),
    [
        ("amazon.nova-micro-v1:0", "amazon", "nova-micro-v1:0"),
        ("apac.anthropic.claude-3-haiku-20240307-v1:0", "anthropic", "claude-3-haiku-20240307-v1:0"),
        (
            "arn:aws:bedrock:us-east-1:012345678901:inference-profile/us.meta.llama3-2-1b-instruct-v1:0",
            "meta",
            "llama3-2-1b-instruct-v1:0",
        ),
        ("arn:aws:bedrock:us-east-1:1:inference-profile%2Feu.openai.gpt-oss-120b-1:0", "openai", "gpt-oss-120b-1:0"),
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", "", "abc"),
    ],
)
def test_families(model: str, maker: str, name: str) -> None:
    family = family_of(model)
    assert (family.maker, family.name) == (maker, name)


def test_capabilities() -> None:
    claude = capabilities_of("us.anthropic.claude-sonnet-4-5-20250929-v1:0")
    assert (claude.images, claude.reasoning, claude.prefill, claude.json_schema) == (True, True, True, True)
    micro = capabilities_of("amazon.nova-micro-v1:0")
    assert (micro.images, micro.documents, micro.reasoning, micro.tools) == (False, False, False, True)
    thinker = capabilities_of("openai.gpt-oss-120b-1:0")
    assert (thinker.images, thinker.reasoning, thinker.prefill) == (False, True, False)
    assert not capabilities_of("amazon.titan-text-express-v1").tools
