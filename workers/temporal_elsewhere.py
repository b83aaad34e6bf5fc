"""Whether a Temporal of one's own is configured, in Temporal's own way."""

import os
from collections.abc import Mapping
from pathlib import Path


def external_address(environment: Mapping[str, str]) -> str | None:
    """The address that `TEMPORAL_ADDRESS` or a profile of Temporal's configuration file names; None where neither does.

    The file is `TEMPORAL_CONFIG_FILE`, else `temporalio/temporal.toml` in the user's configuration folder
    (https://docs.temporal.io/develop/environment-configuration). It is read with Temporal's own reader, and only where there
    is one, since importing that takes a third of a second. Raises RuntimeError for a file that cannot be read.
    """
    if address := environment.get("TEMPORAL_ADDRESS"):
        return address
    if "TEMPORAL_CONFIG_FILE" not in environment and not _default_file(environment).exists():
        return None
    from temporalio.envconfig import ClientConfig

    return ClientConfig.load_client_connect_config(override_env_vars=dict(environment)).get("target_host")


def _default_file(environment: Mapping[str, str]) -> Path:
    folder = environment.get("XDG_CONFIG_HOME") or os.path.join(environment.get("HOME", "/"), ".config")
    return Path(folder) / "temporalio" / "temporal.toml"
