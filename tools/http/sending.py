"""Sending a request: every hop is checked, pinned to a checked address, and bounded."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from contracts.tools import ToolError
from tools.http.addresses import Address, Resolve, checked_addresses, resolve
from tools.http.credentials import Credentials
from tools.http.hosts import HostRule, port_of, rule_for
from tools.protocol import Secrets

if TYPE_CHECKING:
    import httpx2

MAX_REDIRECTS = 5
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_USER_AGENT = "perdure-tools/0.1"
_SLACK = 8_192


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to send. `headers` are the caller's, `body` its bytes."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, secrets taken out. `cut`: the body was longer than the limit. `url` is where it came from."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool
    url: str

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text, by the charset that it names."""
        charset = (
            self.headers.get("content-type", "").partition("charset=")[2].partition(";")[0].strip(" \"'") or "utf-8"
        )
        try:
            return self.body.decode(charset, "replace")
        except (LookupError, ValueError):
            return self.body.decode("utf-8", "replace")


class Sender:
    """Sends requests to registered hosts. It keeps no cookies, no connections and no proxy of the environment."""

    def __init__(self, rules: Sequence[HostRule], secrets: Secrets, *, resolver: Resolve = resolve) -> None:
        self._rules = tuple(rules)
        self._secrets = secrets
        self._resolver = resolver
        self._transport: httpx2.AsyncHTTPTransport | None = None

    async def send(self, ask: Ask, *, max_bytes: int, redirects: int = MAX_REDIRECTS) -> Answer:
        """Send, follow redirects, read at most `max_bytes` of the body. The caller limits the time.

        Raises `ToolError`: refused before anything was sent, or failed, with `maybe_done` where the request may have been
        carried out.
        """
        url = _parse(ask.url)
        for _ in range(redirects + 1):
            rule = rule_for(url, ask.method, self._rules)
            credentials = Credentials(rule.auth, self._secrets) if rule.auth else None
            answer, location = await self._hop(ask, url, rule, credentials, max_bytes)
            if location is None:
                return answer
            if ask.method not in SAFE_METHODS:
                return await self._after_effect(ask, answer.status, url, location, max_bytes, redirects)
            ask, url = _follow(ask, answer.status, url, location)
        raise ToolError(f"There were more than {redirects} redirects.")

    async def close(self) -> None:
        """Close what is open."""
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None

    async def _after_effect(
        self, ask: Ask, status: int, url: "httpx2.URL", location: str, max_bytes: int, redirects: int
    ) -> Answer:
        """Follow the redirect of a request that may have been carried out: whatever fails now, it may have been."""
        try:
            if redirects == 0:
                raise ToolError("There were too many redirects.")
            ask, url = _follow(ask, status, url, location)
            following = Ask(ask.method, str(url), ask.headers, ask.body, ask.media_type)
            return await self.send(following, max_bytes=max_bytes, redirects=redirects - 1)
        except ToolError as problem:
            raise ToolError(problem.message, maybe_done=True, retry_after=problem.retry_after) from None

    async def _hop(
        self, ask: Ask, url: "httpx2.URL", rule: HostRule, credentials: Credentials | None, max_bytes: int
    ) -> tuple[Answer, str | None]:
        """One request. The answer, and where it redirects to."""
        import httpx2

        host = url.raw_host.decode("ascii")
        addresses = await checked_addresses(host, port_of(url), rule.networks, self._resolver)
        maybe_done = ask.method not in SAFE_METHODS
        try:
            response = await self._connect(ask, url, rule, credentials, addresses)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            raise ToolError(f"The host {host} could not be reached.", temporary=True) from None
        except httpx2.HTTPError as problem:
            said = f"The request to {host} failed on its way ({type(problem).__name__})."
            raise ToolError(said, maybe_done=maybe_done, temporary=True) from None
        try:
            # A redirect's body is of no use.
            location = response.headers.get("location") if response.status_code in _REDIRECTS else None
            # A little more is read than is shown: a secret must not survive by being cut in two.
            body = b"" if location is not None else await _read(response, max_bytes + _SLACK)
        except (httpx2.HTTPError, zlib.error) as problem:
            said = f"The answer of {host} broke off or could not be read ({type(problem).__name__})."
            raise ToolError(said, maybe_done=maybe_done, temporary=True) from None
        finally:
            await response.aclose()
        return _hidden(response, body, max_bytes, url, credentials), location

    async def _connect(
        self,
        ask: Ask,
        url: "httpx2.URL",
        rule: HostRule,
        credentials: Credentials | None,
        addresses: Sequence[Address],
    ) -> "httpx2.Response":
        """Send to the first address that takes a connection. The name goes along for TLS and for the server."""
        import httpx2

        own = {"Host": url.netloc.decode("ascii"), "User-Agent": _USER_AGENT, "Accept": "*/*"}
        headers = httpx2.Headers(own)
        headers.update(ask.headers)
        headers.update({**rule.headers, "Accept-Encoding": "gzip"})
        headers.update({"Content-Type": ask.media_type} if ask.body and ask.media_type else {})
        headers.update(credentials.headers if credentials else {})
        if credentials and credentials.query:
            url = url.copy_merge_params(credentials.query)
        for left, address in zip(range(len(addresses) - 1, -1, -1), addresses, strict=True):
            request = httpx2.Request(
                ask.method,
                url.copy_with(host=str(address)),
                headers=headers,
                content=ask.body or None,
                extensions={"sni_hostname": url.raw_host.decode("ascii"), "timeout": {"connect": 10.0}},
            )
            try:
                return await self._opened().handle_async_request(request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if left == 0:
                    raise
        raise AssertionError("there is always an address")

    def _opened(self) -> "httpx2.AsyncHTTPTransport":
        import httpx2

        if self._transport is None:
            # No connection is used again: another name may share its address, and TLS was agreed upon for one name.
            limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
            self._transport = httpx2.AsyncHTTPTransport(limits=limits)
        return self._transport


def _parse(text: str) -> "httpx2.URL":
    import httpx2

    if len(text) > 8_000:
        raise ToolError("The URL is longer than 8000 characters. Shorten it.", field="url")
    try:
        url = httpx2.URL(text)
        url.raw_host.decode("ascii")
    except (httpx2.InvalidURL, ValueError):
        raise ToolError("The URL is not valid. Give an absolute one, such as https://host/path.", field="url") from None
    return url


def _follow(ask: Ask, status: int, url: "httpx2.URL", location: str) -> tuple[Ask, "httpx2.URL"]:
    """The next request. As in browsers, 303 turns all into GET, 301 and 302 a POST (fetch.spec.whatwg.org, HTTP-redirect)."""
    import httpx2

    try:
        following = url.join(location)
    except (httpx2.InvalidURL, ValueError):
        raise ToolError("The server redirects to an invalid URL.") from None
    if (following.scheme, following.raw_host, following.port) != (url.scheme, url.raw_host, url.port):
        # What was meant for one origin is not for another.
        ask = Ask(ask.method, ask.url, {}, ask.body, ask.media_type)
    if (status == 303 and ask.method != "HEAD") or (status in (301, 302) and ask.method == "POST"):
        ask = Ask("GET", ask.url, ask.headers)
    return ask, following


async def _read(response: "httpx2.Response", limit: int) -> bytes:
    """At most `limit` bytes of the body, unpacked; a small body that unpacks into a huge one is never unpacked in full."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip", "deflate"):
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    elif encoding in ("", "identity"):
        unpack = None
    else:
        raise ToolError(f"The server packed its answer as {encoding[:30]}, though only gzip was asked for.")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk if unpack is None else unpack.decompress(chunk, limit + 1 - len(body))
        if len(body) > limit:
            return bytes(body[:limit])
    return bytes(body)


def _hidden(
    response: "httpx2.Response", body: bytes, limit: int, url: "httpx2.URL", credentials: Credentials | None
) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    if credentials is not None:
        headers = {name: credentials.hide(value) for name, value in headers.items()}
        body = credentials.hide_bytes(body)
    return Answer(response.status_code, headers, body[:limit], len(body) > limit, str(url))
