"""Secrets that are added to requests, and taken out of whatever comes back."""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, ConfigDict, Field

from contracts.tools import ToolError
from tools.protocol import Secrets

SecretName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,99}$")]


class _Auth(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    secret: SecretName


class BearerAuth(_Auth):
    """`Authorization: Bearer …`."""

    type: Literal["bearer"]


class HeaderAuth(_Auth):
    """A header of any name; `prefix` stands before the secret."""

    type: Literal["header"]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]
    prefix: str = ""


class QueryAuth(_Auth):
    """A parameter of the URL's query."""

    type: Literal["query"]
    name: str


class BasicAuth(_Auth):
    """`Authorization: Basic …`; the secret is the password."""

    type: Literal["basic"]
    username: str = ""


Auth = Annotated[BearerAuth | HeaderAuth | QueryAuth | BasicAuth, Field(discriminator="type")]


class Credentials:
    """The headers and query parameters of one request that hold a secret, and the means to hide it again."""

    def __init__(self, auth: Auth, secrets: Secrets) -> None:
        value = required(auth.secret, secrets)
        hidden = [value]
        self.headers: dict[str, str] = {}
        self.query: dict[str, str] = {}
        match auth:
            case BearerAuth():
                self.headers["Authorization"] = f"Bearer {value}"
            case HeaderAuth():
                self.headers[auth.name] = f"{auth.prefix}{value}"
            case QueryAuth():
                self.query[auth.name] = value
            case BasicAuth():
                encoded = b64encode(f"{auth.username}:{value}".encode()).decode()
                hidden.append(encoded)
                self.headers["Authorization"] = f"Basic {encoded}"
        self.hider = Hider({auth.secret: hidden})

    def hide(self, text: str) -> str:
        """The text without the secret."""
        return self.hider.text(text)

    def hide_bytes(self, body: bytes) -> bytes:
        """The same for a body."""
        return self.hider.bytes(body)


def required(name: str, secrets: Secrets) -> str:
    """A secret's value. Raises `ToolError` where it is not set, or cannot stand in a header."""
    value = secrets(name)
    if not value:
        raise ToolError(f"The secret {name} is not set. Whoever runs this deployment has to set it.")
    if not value.isprintable():
        raise ToolError(f"The secret {name} holds a line break or another control character. Set it anew.")
    return value


class Hider:
    """Takes secrets out of what a server says, in the forms in which it may give them back."""

    def __init__(self, values: Mapping[str, Iterable[str]]) -> None:
        forms = [
            (form.encode(), f"[secret {name}]".encode()) for name, given in values.items() for form in _forms(given)
        ]
        # The longest first, as one may hold another.
        self._forms = sorted(forms, key=lambda pair: len(pair[0]), reverse=True)

    def bytes(self, body: bytes) -> bytes:
        """A body without the secrets."""
        for form, shown in self._forms:
            body = body.replace(form, shown)
        return body

    def text(self, text: str) -> str:
        """A text without them."""
        return self.bytes(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def data(self, data: Any) -> Any:
        """JSON without them."""
        return json.loads(self.text(json.dumps(data)))


def _forms(values: Iterable[str]) -> set[str]:
    """Each value as it is, in a URL, in JSON and in base64."""
    return {
        form
        for value in values
        for form in (
            value,
            quote(value, safe=""),
            quote_plus(value),
            json.dumps(value)[1:-1],
            b64encode(value.encode()).decode(),
            b64encode(value.encode()).decode().rstrip("="),
        )
    }
