"""What Claude models can take and give, told from their names."""

import re
from dataclasses import dataclass

from providers.protocol import Capabilities

_NEW_NAME = re.compile(
    r"claude-(?P<line>opus|sonnet|haiku|fable|mythos)-(?P<major>\d)(?:[-.](?P<minor>\d{1,2}))?(?!\d)"
)
_OLD_NAME = re.compile(r"claude-(?:v|instant-(?:v)?)?(?P<major>\d)(?:[-.](?P<minor>\d{1,2}))?(?!\d)")
_NEWEST = (9, 0)

_OUTPUT_LIMITS: tuple[tuple[str, tuple[int, int], int], ...] = (
    ("", (3, 0), 4_096),
    ("", (3, 5), 8_192),
    ("", (3, 7), 64_000),
    ("", (4, 0), 64_000),
    ("opus", (4, 0), 32_000),
    ("opus", (4, 5), 64_000),
    ("opus", (4, 6), 128_000),
    ("", (5, 0), 128_000),
)
"""The most tokens of one answer, from a line's generation on
(https://platform.claude.com/docs/en/about-claude/models/overview)."""

_UNKNOWN_LIMIT = 8_192
_REASONED_DEFAULT = 32_000


@dataclass(frozen=True, slots=True)
class Family:
    """A line and its generation. `claude` is False for other models served over this wire, of which nothing is known."""

    claude: bool
    line: str
    generation: tuple[int, int]

    @property
    def thinks(self) -> bool:
        """It can think before it answers."""
        return self.generation >= (3, 7)

    @property
    def takes_budget(self) -> bool:
        """Its thought is bounded in tokens: `thinking.enabled`, refused from 4.7 on."""
        return self.thinks and (self.generation <= (4, 6) or not self.claude)

    @property
    def adapts(self) -> bool:
        """It decides by itself how long to think, by an effort: `thinking.adaptive`."""
        return self.claude and self.generation >= (4, 6)

    @property
    def thinks_always(self) -> bool:
        """Its thinking cannot be switched off."""
        return self.claude and self.line in ("fable", "mythos")

    @property
    def hides_thought(self) -> bool:
        """It leaves its thoughts out unless asked for their summary."""
        return self.claude and self.generation >= (4, 7)

    @property
    def has_xhigh(self) -> bool:
        """It knows the effort `xhigh`; its elders stop at `high` and `max`."""
        return self.generation >= (4, 7)

    @property
    def takes_sampling(self) -> bool:
        """It takes temperature, top_p and top_k, which are refused from 4.7 on."""
        return self.generation < (4, 7) or not self.claude

    @property
    def takes_both_samplings(self) -> bool:
        """It takes temperature and top_p together."""
        return self.generation < (4, 1) or not self.claude

    @property
    def takes_prefill(self) -> bool:
        """It goes on from an assistant message at the end, which is refused from 4.6 on."""
        return self.generation < (4, 6) or not self.claude

    @property
    def takes_schema(self) -> bool:
        """Its answer can be bound to a JSON Schema: Opus 4.1, and everything from 4.5 on."""
        return self.generation >= (4, 1)

    @property
    def takes_system_turns(self) -> bool:
        """System messages may stand among the turns: from Opus 4.8 on."""
        return self.claude and self.generation >= (4, 8)

    @property
    def output_limit(self) -> int:
        """The most tokens of one answer."""
        if not self.claude:
            return _UNKNOWN_LIMIT
        fitting = [
            limit for line, since, limit in _OUTPUT_LIMITS if line in ("", self.line) and self.generation >= since
        ]
        return fitting[-1] if fitting else 4_096

    @property
    def default_output(self) -> int:
        """What is asked for where the caller names no limit, since the API insists on one.

        The model's own limit, but no more than leaves elder models, which add it to the prompt when they check their window, room
        for long prompts.
        """
        return min(self.output_limit, _REASONED_DEFAULT)


def family_of(model: str) -> Family:
    """The family of a model's name, with whatever a cloud puts around it (`us.anthropic.claude-…-v1:0`, `claude-…@2025…`).

    A Claude of no known name counts as the newest; any other model as one that takes what the wire has.
    """
    name = model.lower()
    found = _NEW_NAME.search(name)
    if found:
        return Family(True, found["line"], (int(found["major"]), int(found["minor"] or 0)))
    found = _OLD_NAME.search(name)
    if found:
        return Family(True, "", (int(found["major"]), int(found["minor"] or 0)))
    if "mythos" in name and "claude" in name:
        return Family(True, "mythos", (4, 7))
    return Family("claude" in name, "", _NEWEST)


def capabilities_of(model: str) -> Capabilities:
    """What a model can take and give over this wire, which carries no sound."""
    family = family_of(model)
    return Capabilities(
        tools=family.generation >= (3, 0),
        parallel_tools=family.generation >= (3, 0),
        json_schema=family.takes_schema,
        images=family.generation >= (3, 0),
        documents=family.generation >= (3, 5),
        audio=False,
        reasoning=family.thinks,
        prefill=family.takes_prefill,
        streaming=True,
    )
