"""The tool that sends requests to one registered host."""

import json

from contracts.tools import ToolDefinition, ToolEffects, ToolError
from tools.http.addresses import Resolve, resolve
from tools.http.answers import output_of, raise_for
from tools.http.sending import SAFE_METHODS, Ask, Sender
from tools.http.stanza import HttpStanza
from tools.protocol import Arguments, CallContext, Secrets, ToolOutput

_REPEATABLE = SAFE_METHODS | {"PUT", "DELETE"}
"""Methods whose second request does nothing more (RFC 9110, 9.2.2)."""
# fmt: off
_OURS = frozenset((
    "host", "authorization", "proxy-authorization", "cookie", "content-length", "content-type", "transfer-encoding",
    "connection", "upgrade", "te", "trailer", "accept-encoding", "user-agent", "expect", "forwarded",
))
# fmt: on
"""Headers that a model may not set, beside those that the host's stanza sets."""


class HttpTool:
    """Requests to one host, below its base URL."""

    def __init__(self, stanza: HttpStanza, secrets: Secrets, *, resolver: Resolve = resolve) -> None:
        self._stanza = stanza
        self._sender = Sender((stanza.rule(),), secrets, resolver=resolver)
        self._own = _OURS | {name.lower() for name in stanza.headers} | {stanza.idempotency_header.lower()}
        self.definition = ToolDefinition(
            name=f"http__{stanza.name}",
            description=f"Send an HTTP request to {stanza.base_url}. {stanza.description}".strip(),
            parameters=_parameters(stanza),
            effects=self._effects(max(stanza.methods, key=_weight)),
        )

    def effects_of(self, arguments: Arguments) -> ToolEffects:
        """By the method."""
        return self._effects(arguments.get("method", self._stanza.methods[0]))

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        """Send it. A status from 400 on is an error, with the answer's body."""
        method = arguments.get("method", self._stanza.methods[0])
        headers = self._headers(arguments.get("headers", {}))
        if self._stanza.idempotency_header and method not in SAFE_METHODS:
            headers[self._stanza.idempotency_header] = context.idempotency_key
        body, media_type = _body(arguments, method)
        ask = Ask(method, self._url(arguments), headers, body, media_type)
        answer = await self._sender.send(ask, max_bytes=self._stanza.max_bytes)
        raise_for(answer, method, repeatable=self._effects(method).retry == "safe")
        return output_of(answer)

    async def close(self) -> None:
        """Close what is open."""
        await self._sender.close()

    def _effects(self, method: str) -> ToolEffects:
        stanza = self._stanza
        return ToolEffects(
            retry="safe" if method in _REPEATABLE or stanza.idempotency_header else "unsafe",
            approval=stanza.approval and method not in SAFE_METHODS,
            timeout=stanza.timeout,
            max_chars=stanza.max_chars,
            max_bytes=stanza.max_bytes,
        )

    def _headers(self, asked: dict[str, str]) -> dict[str, str]:
        auth = self._stanza.auth
        own = self._own | ({auth.name.lower()} if auth and auth.type == "header" else set())
        for name, value in asked.items():
            if not (value.isascii() and value.isprintable()):
                raise ToolError(f"The header {name} holds something other than printable ASCII.", field="headers")
            if name.lower() in own or name.lower().startswith(("proxy-", "sec-", "x-forwarded")):
                raise ToolError(f"The header {name} cannot be set. Leave it out.", field="headers")
        return dict(asked)

    def _url(self, arguments: Arguments) -> str:
        import httpx2

        path = arguments["path"]
        if "?" in path or "#" in path:
            raise ToolError("The path holds ? or #. Give the query as `query`.", field="path")
        query = {
            name: str(value) if isinstance(value, str) else json.dumps(value)
            for name, value in arguments.get("query", {}).items()
        }
        try:
            url = httpx2.URL(f"{self._stanza.base_url}{path}")
            return str(url.copy_merge_params(query) if query else url)
        except (httpx2.InvalidURL, ValueError):
            raise ToolError("The path makes no valid URL.", field="path") from None


def _body(arguments: Arguments, method: str) -> tuple[bytes, str]:
    if "json" in arguments and "text" in arguments:
        raise ToolError("Give either `json` or `text`, not both.")
    if method in SAFE_METHODS and ("json" in arguments or "text" in arguments):
        raise ToolError(f"A {method} request has no body. Use `query`.")
    if "json" in arguments:
        return json.dumps(arguments["json"], ensure_ascii=False).encode(), "application/json"
    return arguments.get("text", "").encode(), "text/plain; charset=utf-8"


def _weight(method: str) -> int:
    """The more a method may do, the heavier it is."""
    return 0 if method in SAFE_METHODS else 1 if method in _REPEATABLE else 2


def _parameters(stanza: HttpStanza) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {
            "method": {"type": "string", "enum": list(stanza.methods), "default": stanza.methods[0]},
            "path": {"type": "string", "pattern": "^(/[^\\s]*)?$", "description": f"What follows {stanza.base_url}"},
            "query": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
            "headers": {
                "type": "object",
                "propertyNames": {"pattern": "^[A-Za-z0-9-]{1,60}$"},
                "additionalProperties": {"type": "string", "pattern": "^[\\x20-\\x7e]{0,2000}$"},
            },
            "json": {"description": "A JSON body"},
            "text": {"type": "string", "description": "A plain text body"},
        },
        "required": ["path"],
        "additionalProperties": False,
    }
