"""The base of every message: frozen, closed to unknown fields at the borders."""

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """An immutable message. Unknown fields are ignored, so that an older worker can read a newer message."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())
