"""Server-side request forgery in all its dress: nothing private is reached, whatever the name, the redirect or the notation."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.tools import ToolError
from tests.tools.calls import refusal, text_of, use
from tests.tools.certificates import served_as
from tests.tools.loopback import LOOPBACK, Asked, Said, Server, serving
from tools.http.addresses import Address, Network, is_public, permitted
from tools.http.hosts import HostRule, rule_for
from tools.http.sending import Ask, Sender
from tools.http.stanza import HttpStanza
from tools.http.tool import HttpTool
from tools.web.tool import WebPageTool, WebStanza

PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


class Names:
    """A resolver that answers each question from a list, the last answer for ever, and counts the questions."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): found for name, found in answers.items()}
        self.questions: list[str] = []

    async def __call__(self, host: str, port: int) -> list[Address]:
        self.questions.append(host)
        found = self.answers.get(host)
        if found is None:
            raise OSError("no such name")
        answer = found.pop(0) if len(found) > 1 else found[0]
        return [ip_address(text) for text in answer]


def web(*networks: Network, ports: tuple[int, ...] = (), names: Names | None = None) -> WebPageTool:
    stanza = WebStanza(networks=networks, ports=ports)
    return WebPageTool(stanza, resolver=names) if names else WebPageTool(stanza)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "172.32.0.1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2606:4700::1111"])
def test_public_addresses_are(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_changes_nothing(address: IPv4Address) -> None:
    assert is_public(IPv6Address(f"::ffff:{address}")) == is_public(address)
    assert is_public(IPv6Address(int(IPv6Address("64:ff9b::")) + int(address))) == is_public(address)
    assert not is_public(IPv6Address(f"::{address}"))


@given(st.ip_addresses())
def test_whatever_python_calls_private_is_not_public(address: IPv4Address | IPv6Address) -> None:
    if is_public(address):
        inner = getattr(address, "ipv4_mapped", None) or address
        assert not any((inner.is_loopback, inner.is_link_local, inner.is_multicast, inner.is_unspecified))
        assert not permitted(address, ()) or inner.is_global or address in ip_network("64:ff9b::/96")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "localhost",
        "１２７.0.0.1",
        "127。0。0。1",
        "①②⑦.⓪.⓪.①",
    ],
)
async def test_no_notation_reaches_the_loopback(host: str) -> None:
    async with serving(lambda one: Said(body=b"internal")) as server:
        said = await refusal(web(ports=(server.port,)), url=f"http://{host}:{server.port}/")
        assert server.asked == []
    assert "internal" not in said
    assert any(word in said for word in ("private", "disguise", "not valid", "no address"))


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_to_a_private_address_is_refused(address: str) -> None:
    names = Names(evil_test=[[address]])
    assert "private or reserved" in await refusal(web(names=names), url="http://evil.test/")


async def test_one_private_answer_among_public_ones_is_refused() -> None:
    names = Names(evil_test=[["1.1.1.1", "127.0.0.1"]])
    assert "private or reserved" in await refusal(web(names=names), url="http://evil.test/")


async def test_the_checked_address_is_the_one_connected_to() -> None:
    """A name that changes between the check and the connection: there is no second question."""
    async with serving(lambda one: Said(body=b"pinned", headers={"content-type": "text/plain"})) as server:
        names = Names(rebind_test=[["127.0.0.1"], ["10.0.0.1"]])
        tool = web(*LOOPBACK, ports=(server.port,), names=names)
        url = f"http://rebind.test:{server.port}/"
        result = await use(tool, url=url)
        assert "pinned" in text_of(result)
        assert names.questions == ["rebind.test"]
        assert server.asked[0].headers["host"] == f"rebind.test:{server.port}"
        assert "private or reserved" in await refusal(tool, url=url)
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{port}/secret",
        "http://[::1]:{port}/secret",
        "http://2130706434:{port}/secret",
        "http://0x7f000002:{port}/secret",
        "http://[::ffff:127.0.0.2]:{port}/secret",
        "//127.0.0.2:{port}/secret",
        "http://169.254.169.254/latest/meta-data/",
        "http://inside.test:{port}/secret",
        "http://user:word@start.test:{port}/secret",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/_x",
        "ftp://127.0.0.1/x",
    ],
)
async def test_no_redirect_leads_inside(location: str) -> None:
    async def answer(one: Asked) -> Said:
        return Said(302, headers={"location": location.format(port=server.port)})

    # It listens on every address of the loopback, so that a hop that is not refused arrives.
    async with serving(answer, host="0.0.0.0") as server:
        names = Names(start_test=[["127.0.0.1"]], inside_test=[["127.0.0.2"]])
        tool = web(ip_network("127.0.0.1/32"), ports=(server.port,), names=names)
        said = await refusal(tool, url=f"http://start.test:{server.port}/")
        assert [one.path for one in server.asked] == ["/"], said
        assert "could not be reached" not in said


async def test_a_redirect_that_is_registered_is_followed_and_checked_anew() -> None:
    def answer(one: Asked) -> Said:
        if one.path == "/":
            return Said(302, headers={"location": "/next"})
        return Said(body=b"<p>there</p>", headers={"content-type": "text/html"})

    async with serving(answer) as server:
        names = Names(start_test=[["127.0.0.1"], ["127.0.0.1"], ["192.168.0.1"]])
        tool = web(*LOOPBACK, ports=(server.port,), names=names)
        assert "there" in text_of(await use(tool, url=f"http://start.test:{server.port}/"))
        assert names.questions == ["start.test", "start.test"]
        assert "private or reserved" in await refusal(tool, url=f"http://start.test:{server.port}/")


async def test_redirects_end() -> None:
    async with serving(lambda one: Said(302, headers={"location": one.target})) as server:
        tool = web(*LOOPBACK, ports=(server.port,))
        assert "more than 5 redirects" in await refusal(tool, url=server.url)
        assert len(server.asked) == 6


def registered(server: Server, **more: object) -> HttpTool:
    stanza = HttpStanza.model_validate(
        {
            "name": "crm",
            "base_url": f"{server.url}/api",
            "networks": ["127.0.0.1/32"],
            "auth": {"type": "bearer", "secret": "CRM_TOKEN"},
            **more,
        }
    )
    return HttpTool(stanza, lambda name: {"CRM_TOKEN": "tok/en+secret"}[name])


@pytest.mark.parametrize(
    "path",
    [
        "/../admin",
        "/%2e%2e/admin",
        "/..%2fadmin",
        "/x/../../admin",
        "/%252e%252e/admin",
        "\\..\\admin",
        "//evil.test/",
        "/x//y",
        "@evil.test/",
    ],
)
async def test_nothing_beside_the_registered_path_is_asked_for(path: str) -> None:
    async with serving(lambda one: Said(body=b"admin")) as server:
        await refusal(registered(server), path=path)
        assert server.asked == []


@pytest.mark.parametrize(
    "header",
    [
        "Host",
        "authorization",
        "Cookie",
        "Transfer-Encoding",
        "Content-Length",
        "X-Forwarded-For",
        "Proxy-Authorization",
    ],
)
async def test_the_model_cannot_set_what_is_ours(header: str) -> None:
    async with serving(lambda one: Said()) as server:
        assert "cannot be set" in await refusal(registered(server), path="/x", headers={header: "x"})
        assert server.asked == []


@pytest.mark.parametrize("value", ["a\r\nHost: evil", "a\nb", "a\n", "é"])
async def test_headers_hold_no_line_breaks(value: str) -> None:
    async with serving(lambda one: Said()) as server:
        await refusal(registered(server), path="/x", headers={"X-Note": value})
        assert server.asked == []


async def test_the_secret_is_sent_and_never_shown() -> None:
    """A host that echoes all it was sent, in each of the forms that servers use."""

    def echo(one: Asked) -> Said:
        token = one.headers["authorization"]
        body = f"{token} {token.replace('/', '%2F').replace('+', '%2B')} {token.replace('/', chr(92) + '/')}"
        return Said(body=body.encode(), headers={"content-type": "text/plain", "link": f"<{token}>"})

    async with serving(echo) as server:
        result = await use(registered(server), path="/x")
        assert server.asked[0].headers["authorization"] == "Bearer tok/en+secret"
    shown = result.model_dump_json()
    assert "[secret CRM_TOKEN]" in shown
    for form in ("tok/en+secret", "tok%2Fen%2Bsecret"):
        assert form not in shown


@pytest.mark.parametrize("status", [400, 401, 500])
async def test_errors_do_not_show_the_secret(status: int) -> None:
    async with serving(lambda one: Said(status, one.headers["authorization"].encode())) as server:
        said = await refusal(registered(server), path="/x")
    assert f"HTTP {status}" in said
    assert "tok/en" not in said


async def test_a_secret_is_not_cut_in_two() -> None:
    body = b"x" * 995 + b"tok/en+secret" + b"y" * 5_000
    async with serving(lambda one: Said(body=body, headers={"content-type": "text/plain"})) as server:
        result = await use(registered(server, max_bytes=1_000), path="/x")
    assert "tok" not in text_of(result)
    assert result.truncated


async def test_a_redirect_takes_no_secret_elsewhere() -> None:
    async with serving(lambda one: Said(body=b"stolen")) as other:
        async with serving(lambda one: Said(302, headers={"location": f"{other.url}/api/x"})) as server:
            assert "not among what is registered" in await refusal(registered(server), path="/x")
            rules = [registered(server)._stanza.rule(), HostRule("127.0.0.1", ("http",), other.port, networks=LOOPBACK)]
            sender = Sender(rules, lambda name: "tok/en+secret")
            answer = await sender.send(Ask("GET", f"{server.url}/api/x", {"x-own": "1"}), max_bytes=100)
            await sender.close()
        assert answer.body == b"stolen"
        assert "authorization" not in other.asked[0].headers
        assert "x-own" not in other.asked[0].headers


async def test_what_a_host_sets_is_not_kept_for_others() -> None:
    async with serving(lambda one: Said(headers={"set-cookie": "session=1; Path=/"})) as server:
        tool = registered(server)
        await use(tool, path="/x")
        await use(tool, path="/y")
        assert "cookie" not in server.asked[1].headers


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_packed_answer_is_unpacked_only_to_its_limit(encoding: str) -> None:
    import tracemalloc
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    bomb = packer.compress(bytes(200_000_000)) + packer.flush()
    headers = {"content-encoding": encoding, "content-type": "text/plain"}
    async with serving(lambda one: Said(body=bomb, headers=headers)) as server:
        tool = registered(server, max_bytes=100_000)
        tracemalloc.start()
        try:
            result = await use(tool, path="/x")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert result.truncated
    assert peak < 20_000_000


async def test_an_unasked_packing_is_refused() -> None:
    async with serving(lambda one: Said(body=b"x", headers={"content-encoding": "br"})) as server:
        assert "only gzip" in await refusal(registered(server), path="/x")


@pytest.mark.parametrize(
    ("method", "url", "says"),
    [
        ("GET", "https://api.example.com/v1/x", ""),
        ("GET", "https://API.example.COM./v1/x", ""),
        ("GET", "https://api.example.com/v1", ""),
        ("POST", "https://api.example.com/v1/x", "not among"),
        ("GET", "http://api.example.com/v1/x", "not among"),
        ("GET", "https://api.example.com:8443/v1/x", "not among"),
        ("GET", "https://api.example.com/v10", "not among"),
        ("GET", "https://api.example.com.evil.test/v1/x", "not registered"),
        ("GET", "https://evil.test/?https://api.example.com/v1/x", "not registered"),
        ("GET", "https://api.example.com@evil.test/v1/x", "user name"),
        ("GET", "https://evil.test#@api.example.com/v1/x", "not registered"),
        ("GET", "https://sub.wild.test/", ""),
        ("GET", "https://wild.test/", "not registered"),
        ("GET", "https://evilwild.test/", "not registered"),
    ],
)
def test_only_what_is_registered_is_admitted(method: str, url: str, says: str) -> None:
    import httpx2

    rules = [HostRule("api.example.com", prefix="/v1"), HostRule("*.wild.test")]
    if not says:
        assert rule_for(httpx2.URL(url), method, rules) in rules
    else:
        with pytest.raises(ToolError, match=says):
            rule_for(httpx2.URL(url), method, rules)


@pytest.mark.parametrize(("host", "reached"), [("secure.test", True), ("other.test", False)])
async def test_tls_is_for_the_name_and_not_for_the_address(
    host: str, reached: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, authority = served_as("secure.test", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    async with serving(lambda one: Said(body=b"safe", headers={"content-type": "text/plain"}), tls=tls) as server:
        names = Names(**{"secure.test": [["127.0.0.1"]], "other.test": [["127.0.0.1"]]})
        tool = web(*LOOPBACK, ports=(server.port,), names=names)
        result = await use(tool, url=f"https://{host}:{server.port}/")
        assert len(server.asked) == int(reached)
        assert ("safe" in text_of(result)) == reached
