"""Templates of the project's own, filled in before anything is sent. Perdure keeps templates too, in versions."""

import string
from dataclasses import dataclass, field


@dataclass
class PromptTemplate:
    """A text with `{variables}`."""

    name: str
    template: str
    variables: list[str] = field(default_factory=list)
    description: str = ""

    def __post_init__(self) -> None:
        if not self.variables:
            found = (name for _, name, _, _ in string.Formatter().parse(self.template) if name)
            self.variables = list(dict.fromkeys(found))

    def format(self, **variables: object) -> str:
        """The text. Raises ValueError, which lists every variable that is missing."""
        missing = [name for name in self.variables if name not in variables]
        if missing:
            raise ValueError(f"Missing required variables: {', '.join(missing)}")
        return self.template.format(**variables)


DEFAULT_TEMPLATES: dict[str, str] = {
    name: name for name in ("customer_inquiry", "lead_qualification", "service_recommendation", "generic_processing")
}
"""The templates that Perdure ships, by the names that `process_with_template` takes."""
