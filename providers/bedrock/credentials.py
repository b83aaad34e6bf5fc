"""Which region, and as whom: read from a provider's configuration."""

import re
from dataclasses import dataclass

from providers.protocol import ProviderConfig

_REGION_IN_URL = re.compile(r"bedrock(?:-runtime)?(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d)\.")
OPTIONS = ("profile", "access_key_id", "session_token")


@dataclass(frozen=True, slots=True)
class Credentials:
    """How calls are signed.

    `bearer` is a Bedrock API key. Else `access_key_id` and `secret_key` (with `session_token` for temporary ones) sign. Else
    AWS's own chain is asked: environment, `profile` or the default one, web identity, container, instance.
    """

    region: str | None
    bearer: str | None = None
    access_key_id: str | None = None
    secret_key: str | None = None
    session_token: str | None = None
    profile: str | None = None

    def __repr__(self) -> str:
        return f"Credentials(region={self.region!r}, profile={self.profile!r})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        return tuple(one for one in (self.bearer, self.secret_key, self.session_token) if one)


def read_credentials(config: ProviderConfig) -> Credentials:
    """Read `api_key`, `location` and the options `profile`, `access_key_id` and `session_token`.

    With `access_key_id` the `api_key` is its secret key; alone it is a Bedrock API key; without either AWS's own chain holds. A
    location that is not set is read from `base_url`. Raises `ValueError` for an option that is none of these.
    """
    options = dict(config.options)
    unknown = sorted(options.keys() - set(OPTIONS))
    if unknown:
        raise ValueError(
            f"provider {config.name!r} has the unknown option {unknown[0]!r}; Bedrock takes {', '.join(OPTIONS)}"
        )
    found = _REGION_IN_URL.search(config.base_url or "")
    region = config.location or (found[1] if found else None)
    key = config.api_key.strip() or None
    access_key_id = options.get("access_key_id")
    return Credentials(
        region=region,
        bearer=None if access_key_id else key,
        access_key_id=access_key_id,
        secret_key=key if access_key_id else None,
        session_token=options.get("session_token"),
        profile=options.get("profile"),
    )
