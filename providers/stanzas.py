"""From a stanza of the configuration, and what the environment says, to how a provider is reached."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from providers.presets import OWN, PRESETS, Preset, preset_of
from providers.protocol import NO_KEY, Credential, ProviderConfig, Wire

Variable = Callable[[str], str]
"""Reads an environment variable; empty where it is not set."""

_OLLAMA_PORT = 11434


@dataclass(frozen=True, slots=True)
class CredentialStanza:
    """What a configuration says of one of a provider's credentials; whatever is empty is the provider's."""

    name: str = ""
    api_key: str = ""
    api_key_env: str = ""
    base_url: str = ""
    location: str = ""
    weight: float = 1
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


@dataclass(frozen=True, slots=True)
class Stanza:
    """What a configuration says of one provider; whatever is empty is the preset's, by `vendor` or else by `name`."""

    name: str
    vendor: str = ""
    wire: Wire | None = None
    base_url: str = ""
    api_key: str = ""
    api_key_env: str = ""
    api_version: str = ""
    project: str = ""
    location: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    credentials: tuple[CredentialStanza, ...] = ()
    free: bool = False
    first_token_seconds: float | None = None


def configure(stanza: Stanza, variable: Variable) -> ProviderConfig:
    """How the provider of a stanza is reached.

    A key that is needed and nowhere to be found is left empty, for the first call and the doctor to tell. Raises ValueError,
    saying what to add, where the stanza names no known service and no address, or two credentials alike.
    """
    if stanza.credentials:
        return _with_credentials(stanza, variable)
    if stanza.vendor and stanza.vendor not in PRESETS:
        raise ValueError(f"no service is known as {stanza.vendor!r}: use one of {', '.join(PRESETS)}, or give base_url")
    vendor = stanza.vendor or (stanza.name if stanza.name in PRESETS else "")
    preset = preset_of(vendor) or OWN.get(stanza.name) or Preset(needs_key=False)
    location = stanza.location or _first(preset.locations, variable) or preset.location
    version = stanza.api_version or _first(preset.versions, variable)
    given = stanza.base_url or _first(preset.addresses, variable)
    key = stanza.api_key or variable(stanza.api_key_env) if stanza.api_key or stanza.api_key_env else ""
    return ProviderConfig(
        name=stanza.name,
        wire=stanza.wire or _wire(vendor, preset, version),
        api_key=key or _found_key(stanza, preset, variable) or _without_key(vendor, preset),
        base_url=_address(stanza.name, vendor, preset, given, location=location, version=version),
        headers=stanza.headers,
        vendor=vendor,
        api_version=version,
        project=stanza.project or _first(preset.projects, variable),
        location=location,
        options=stanza.options,
        free=stanza.free,
        first_token_seconds=stanza.first_token_seconds or preset.first_token_seconds,
    )


def _with_credentials(stanza: Stanza, variable: Variable) -> ProviderConfig:
    """The provider as a whole is where its first credential is, if it says no other place itself."""
    several = [
        _credential(stanza, one, one.name or one.api_key_env or f"credential-{number}", variable)
        for number, one in enumerate(stanza.credentials, 1)
    ]
    names = [one.name for one in several]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two credentials of {stanza.name!r} are called {twice[0]!r}: give each its own name")
    return replace(_placed(stanza, stanza.credentials[0], variable), credentials=tuple(several))


def _credential(stanza: Stanza, one: CredentialStanza, name: str, variable: Variable) -> Credential:
    reached = _placed(stanza, one, variable)
    return Credential(
        name=name,
        api_key=reached.api_key,
        weight=one.weight,
        base_url=reached.base_url,
        location=reached.location,
        requests_per_minute=one.requests_per_minute,
        tokens_per_minute=one.tokens_per_minute,
    )


def _placed(stanza: Stanza, one: CredentialStanza, variable: Variable) -> ProviderConfig:
    """The provider as it is reached by way of one credential."""
    keyed = one if one.api_key or one.api_key_env else stanza
    alone = replace(
        stanza,
        api_key=keyed.api_key,
        api_key_env=keyed.api_key_env,
        base_url=one.base_url or stanza.base_url,
        location=one.location or stanza.location,
        credentials=(),
    )
    return configure(alone, variable)


def found_by_key(variable: Variable, taken: Iterable[str]) -> tuple[ProviderConfig, ...]:
    """The services whose own variables are set, without a stanza; none of those whose names are `taken`."""
    names = set(taken)
    return tuple(
        configure(Stanza(name), variable)
        for name, preset in PRESETS.items()
        if preset.automatic
        and name not in names
        and _first(preset.keys, variable)
        and (preset.base_url is not None or _first(preset.addresses, variable))
    )


def _found_key(stanza: Stanza, preset: Preset, variable: Variable) -> str:
    """The environment's key, unless the stanza names another place for it, or by its options another way to sign."""
    return "" if stanza.api_key_env or stanza.options else _first(preset.keys, variable)


def _wire(vendor: str, preset: Preset, version: str) -> Wire:
    """The preset's wire; Azure's dated API knows the chat wire in all its versions, responses in the latest alone."""
    return "openai-chat" if vendor == "azure" and version else preset.wire


def _without_key(vendor: str, preset: Preset) -> str:
    """What stands for the key where there is none: nothing where it is needed, or where the SDK finds credentials itself."""
    return "" if preset.needs_key or vendor in ("vertex", "bedrock", "bedrock-mantle") else NO_KEY


def _address(name: str, vendor: str, preset: Preset, given: str, *, location: str, version: str) -> str | None:
    if vendor == "azure" and given:
        return _azure(given, version)
    if vendor == "ollama" and given:
        return _ollama(given)
    if given:
        return given
    if preset.base_url is None:
        if preset.wire in ("google", "bedrock") or name in OWN:
            # The SDK has it, by location.
            return None
        wanted = f"base_url is needed, such as {preset.example}" if preset.example else "base_url is needed"
        known = "" if vendor else f"; names that need none are {', '.join(PRESETS)}"
        raise ValueError(f"provider {name!r}: {wanted}{known}")
    if "{location}" in preset.base_url and not location:
        raise ValueError(f"provider {name!r}: location is needed, or one of {', '.join(preset.locations)}")
    return preset.base_url.format(location=location)


def _azure(given: str, version: str) -> str:
    """The base below which the paths begin: of the deployments where there is a dated API version, else of the v1 API.

    Source: learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle.
    """
    address = given.rstrip("/")
    path = urlsplit(address).path
    if "/openai" in path:
        return address
    return f"{address}/openai" if version else f"{address}/openai/v1"


def _ollama(given: str) -> str:
    """Ollama's own OLLAMA_HOST, in all the forms that its server takes (github.com/ollama/ollama, envconfig)."""
    scheme, separator, rest = given.strip().partition("://")
    if not separator:
        scheme, rest = "http", given.strip()
    parts = urlsplit(f"//{rest}")
    port = parts.port or (None if separator else _OLLAMA_PORT)
    # An address to listen on everywhere is reached here.
    host = "127.0.0.1" if parts.hostname in (None, "0.0.0.0", "::") else parts.hostname  # noqa: S104
    host = f"[{host}]" if ":" in str(host) else host
    path = parts.path.rstrip("/")
    place = f"{scheme}://{host}" + (f":{port}" if port else "")
    return place + (path if path.endswith("/v1") else f"{path}/v1")


def _first(names: Iterable[str], variable: Variable) -> str:
    return next((value for name in names if (value := variable(name))), "")
