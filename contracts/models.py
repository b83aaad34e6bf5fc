"""Naming models: `provider:model`."""

from pydantic import Field

from contracts.base import Contract


class ModelRef(Contract):
    """A model at a provider. Text form `provider:model`; the model's own name may hold colons and slashes."""

    provider: str = Field(min_length=1)
    model: str = Field(min_length=1)

    @classmethod
    def parse(cls, text: str) -> "ModelRef":
        """Read `provider:model`. Raises ValueError where there is no provider."""
        provider, colon, model = text.partition(":")
        if not colon or not provider or not model:
            raise ValueError(f"{text!r} is not of the form provider:model")
        return cls(provider=provider, model=model)

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"
