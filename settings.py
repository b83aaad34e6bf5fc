"""Every setting of Perdure, in one class. Read by workers/, api/, cli/ and nobody else."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from providers.presets import OWN
from providers.protocol import ProviderConfig, Wire
from providers.stanzas import CredentialStanza, Stanza, Variable, configure, found_by_key

ENV_FILE = ".env"
_OWN_NAMES = frozenset({*OWN, "sim"})
"""The providers that have settings of their own."""


class CredentialSetting(BaseModel):
    """One of several keys or deployments of a provider: how often it is chosen, and what it may do in a minute.

    Without a name it is called by its key's variable, or by its place.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: str = Field(default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]*)?$", max_length=200)
    api_key_env: str = ""
    api_key: SecretStr | None = None
    base_url: str = ""
    location: str = ""
    weight: float = Field(default=1, gt=0, le=1000)
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)

    def stanza(self) -> CredentialStanza:
        """The same, its key no longer hidden."""
        key = self.api_key.get_secret_value() if self.api_key else ""
        return CredentialStanza(**self.model_dump(exclude={"api_key"}), api_key=key)


class FurtherProvider(BaseModel):
    """One more provider, as an entry of PERDURE_PROVIDERS.

    A name of `providers/presets.py` is enough; `vendor` is such a name for a provider that is called something else. Every other
    field goes before what the preset says: `wire` is the protocol spoken, `api_key_env` names the environment variable that holds
    the key, `api_version` is Azure's, `project` and `location` are a cloud's. `options` are Bedrock's `profile`, or
    `access_key_id` (with `session_token`), whose secret is then the key. With `credentials` calls are spread over several keys or
    deployments. `free`: its models cost nothing, as those of a server of one's own. `first_token_seconds`: how long its models
    may be silent before their answer begins, where neither a request nor the policy says so.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    vendor: str = ""
    wire: Wire | None = None
    base_url: str = ""
    api_key_env: str = ""
    api_key: SecretStr | None = None
    api_version: str = ""
    project: str = ""
    location: str = ""
    headers: dict[str, str] = {}
    options: dict[str, SecretStr] = {}
    credentials: list[CredentialSetting] = []
    free: bool = False
    first_token_seconds: float | None = Field(default=None, gt=0, le=3600)

    @model_validator(mode="after")
    def _reachable(self) -> "FurtherProvider":
        self.config()
        return self

    def config(self) -> ProviderConfig:
        """The configuration, completed by the preset and the environment. A server that asks for no key gets the word `none`."""
        stanza = Stanza(
            **self.model_dump(exclude={"api_key", "headers", "options", "credentials"}),
            api_key=self.api_key.get_secret_value() if self.api_key else "",
            headers=tuple(self.headers.items()),
            options=tuple((name, value.get_secret_value()) for name, value in self.options.items()),
            credentials=tuple(one.stanza() for one in self.credentials),
        )
        return configure(stanza, variables())


class Settings(BaseSettings):
    """The settings, from the environment (prefix PERDURE_) and a `.env` file."""

    model_config = SettingsConfigDict(
        env_prefix="PERDURE_",
        env_file=ENV_FILE,
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        # A stanza may hold a key.
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(default=Path(".perdure"), description="Where the embedded servers and their state live.")
    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL, as postgresql://user:password@host:port/name. Unset: an embedded one."
    )
    database_pool: int = Field(default=16, ge=2, le=200, description="Connections that a process keeps to PostgreSQL.")
    redis_url: SecretStr | None = Field(
        default=None, description="Redis or Valkey for the stream log and for limits. Unset: PostgreSQL."
    )
    api_host: str = Field(default="127.0.0.1", description="The address that the API listens on.")
    api_port: int = Field(default=8321, ge=0, le=65535, description="The API's port.")
    bootstrap_key: SecretStr | None = Field(
        default=None, description="An API key that is added at start, by its digest. `perdure up` makes one."
    )
    openai_api_key: SecretStr | None = Field(
        default=None, validation_alias="OPENAI_API_KEY", description="OpenAI's key."
    )
    openai_base_url: str | None = Field(
        default=None, validation_alias="OPENAI_BASE_URL", description="Another address for OpenAI's API."
    )
    anthropic_api_key: SecretStr | None = Field(
        default=None, validation_alias="ANTHROPIC_API_KEY", description="Anthropic's key."
    )
    anthropic_base_url: str | None = Field(
        default=None, validation_alias="ANTHROPIC_BASE_URL", description="Another address for Anthropic's API."
    )
    gemini_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        description="Google's key for the Gemini API.",
    )
    gemini_base_url: str | None = Field(
        default=None, validation_alias="GOOGLE_GEMINI_BASE_URL", description="Another address for the Gemini API."
    )
    providers: list[FurtherProvider] = Field(
        default=[],
        description='Further providers, as a JSON list of stanzas; `[{"name": "mistral"}]` is one. See add-a-provider.md.',
    )
    providers_by_key: bool = Field(
        default=True,
        description="A vendor's own key variable (GROQ_API_KEY and so on) adds the vendor, without a stanza.",
    )
    simulator_url: str | None = Field(
        default=None, description="A running simulator. Without any provider key it stands in for all vendors."
    )
    default_model: str | None = Field(
        default=None, description="The model of a request that names none. Unset: routing chooses."
    )
    allow_unlisted_models: bool = Field(
        default=False, description="Pass on model names that no price list knows, at an unknown price."
    )
    policies_file: Path | None = Field(
        default=None, description="The policies. Unset: `policies.yaml` in the working directory, where there is one."
    )
    tools_file: Path | None = Field(
        default=None, description="The tools. Unset: `tools.yaml` in the working directory, where there is one."
    )
    callback_secret: SecretStr | None = Field(
        default=None,
        min_length=24,
        description="Signs callbacks (Standard Webhooks; `whsec_` and base64, or any text). Unset: no callback is taken.",
    )
    callback_networks: list[IPvAnyNetwork] = Field(
        default=[],
        description="Private networks that callbacks may go to, as a JSON list. Others reach public addresses only.",
    )
    max_request_bytes: int = Field(default=20_000_000, ge=1_000, description="The largest request body that is read.")
    max_document_bytes: int = Field(default=1_000_000, ge=1_000, description="The largest stored document.")
    max_documents: int = Field(default=10_000, ge=0, description="Documents that a workspace may store.")
    max_passages: int = Field(
        default=50_000, ge=0, description="Passages (of about a thousand characters) of all documents of a workspace."
    )
    max_batch_bytes: int = Field(default=200_000_000, ge=1_000, description="The largest batch that is read.")
    batch_poll_seconds: float = Field(
        default=30, gt=0, le=3600, description="How often a vendor's batch is looked at; seldom once it takes long."
    )
    worker_concurrency: int = Field(default=1_000, ge=1, le=20_000, description="Provider calls at once in a worker.")
    warm: bool = Field(
        default=True, description="Load the SDKs and the classifier at a worker's start, not at the first turn."
    )
    shutdown_seconds: float = Field(default=30, ge=0, description="How long a stopping worker lets calls finish.")
    sweep_seconds: float = Field(default=5, gt=0, description="How often unfinished turns are looked after.")
    settle_seconds: float = Field(
        default=60, ge=1, description="How often Temporal has settled what lost attempts had reserved in budgets."
    )
    keep_streams_seconds: float = Field(default=3600, gt=0, description="How long streams can be resumed.")
    nexus_endpoint: str = Field(
        default="perdure-ai", description="The Nexus endpoint that workers make where it is missing. Empty: none."
    )
    build_id: str = Field(
        default="",
        max_length=200,
        description="What this code is called, as by its commit: its workers take what Temporal gives to that build. Empty: all.",
    )
    deployment: str = Field(
        default="perdure", pattern=r"^[^.:]{1,200}$", description="The worker deployment that builds belong to."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="The least severe log.")
    log_format: Literal["console", "json"] = Field(default="console", description="How logs are written.")

    @field_validator("providers")
    @classmethod
    def _names_differ(cls, given: list[FurtherProvider]) -> list[FurtherProvider]:
        names = [provider.name for provider in given]
        for provider in given:
            name = provider.name
            if name == "sim" or (name in OWN and not provider.credentials):
                several = ", or list its credentials" if name in OWN else ""
                raise ValueError(f"the name {name!r} is taken: give the provider another{several}")
            if names.count(name) > 1:
                raise ValueError(f"two providers are called {name!r}: give each its own name")
        return given

    @property
    def keep_streams(self) -> timedelta:
        """How long streams can be resumed."""
        return timedelta(seconds=self.keep_streams_seconds)

    @property
    def shutdown(self) -> timedelta:
        """How long a stopping worker lets calls finish."""
        return timedelta(seconds=self.shutdown_seconds)

    def vendor_configs(self) -> tuple[ProviderConfig, ...]:
        """The vendors and further providers that have keys."""
        vendors: tuple[tuple[str, Wire, SecretStr | None, str | None], ...] = (
            ("openai", "openai", self.openai_api_key, self.openai_base_url),
            ("anthropic", "anthropic", self.anthropic_api_key, self.anthropic_base_url),
            ("google", "google", self.gemini_api_key, self.gemini_base_url),
        )
        found = [
            ProviderConfig(name, wire, key.get_secret_value(), url)
            for name, wire, key, url in vendors
            if key is not None and key.get_secret_value() and name not in {further.name for further in self.providers}
        ]
        found += [provider.config() for provider in self.providers]
        if self.providers_by_key:
            found += found_by_key(variables(), {one.name for one in found} | _OWN_NAMES)
        return tuple(found)

    def provider_configs(self) -> tuple[ProviderConfig, ...]:
        """All providers. Without a key of any, the simulator stands in for the vendors; `sim` is the simulator itself."""
        configured = self.vendor_configs()
        if self.simulator_url is None:
            return configured
        base, key = self.simulator_url.rstrip("/"), "sim-key"
        simulated = [ProviderConfig("sim", "openai-chat", key, f"{base}/openai/v1", simulated=True)]
        if not configured:
            simulated += [
                ProviderConfig("openai", "openai", key, f"{base}/openai/v1", simulated=True),
                ProviderConfig("anthropic", "anthropic", key, f"{base}/anthropic", simulated=True),
                ProviderConfig("google", "google", key, f"{base}/google", simulated=True),
            ]
        return (*configured, *simulated)


def variables() -> Variable:
    """Reads an environment variable, or what the `.env` file says of it; empty where neither does."""
    written = dotenv_values(ENV_FILE)
    return lambda name: os.environ.get(name) or written.get(name) or ""
