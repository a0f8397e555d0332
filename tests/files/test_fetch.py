"""Downloads: what is fetched, that nothing private ever is, and that no server can take more than it may."""

import asyncio
import gzip
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.clock import Clock
from services.errors import FetchError
from services.files import answers
from services.files.addresses import is_public
from services.files.fetch import Fetcher, Limits
from services.files.network import PublicNetwork
from services.files.paths import is_safe
from services.files.vault import Vault
from tests.files.samples import image
from tests.files.site import Internet, Page, Site
from tests.support.fault_server import reply

MB = 1024 * 1024
PNG = image("PNG")
JPEG = image("JPEG")
LIMITS = Limits(max_bytes=2 * MB, total_s=5, idle_s=2, connect_s=2)


@asynccontextmanager
async def fetching(
    vault: Vault, *sites: Site, limits: Limits = LIMITS, clock: Clock | None = None
) -> AsyncIterator[Fetcher]:
    allowed = frozenset(site.host for site in sites)
    async with Fetcher(vault, limits, allowed_private=allowed, clock=clock) as fetcher:
        yield fetcher


async def refusal(fetcher: Fetcher, url: str, *file_types: str) -> str:
    """Why a URL isn't fetched, without what every sentence begins with."""
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(url, file_types)
    return str(caught.value).removeprefix("The address ")


async def test_a_file_is_fetched_and_named(vault: Vault) -> None:
    pages = {
        "/a%20mug.png?v=1": reply(200, PNG),
        "/image?id=5": reply(200, JPEG),
        "/mug.jpg": reply(200, PNG, {"Content-Type": "image/jpeg"}),
        "/dl": reply(200, PNG, {"Content-Disposition": "attachment; filename*=UTF-8''B%C3%BCcher%2Fm%C3%BCg.png"}),
        "/": reply(200, b"Mug", {"Content-Disposition": 'inline; filename="../../CON.txt"'}),
    }
    async with Site(pages) as site, fetching(vault, site) as fetcher:
        found = [await fetcher.fetch(site.url(path), ("png", "jpeg", "txt")) for path in pages]
    assert [file.name for file in found] == ["a mug.png", "image.jpeg", "mug.png", "müg.png", "_CON.txt"]
    assert vault.path(found[0].file.hash).read_bytes() == PNG
    assert found[0].file == found[2].file
    assert "Accept-Encoding: identity\r\n" in site.heads[0]


async def test_a_url_is_fetched_once(vault: Vault) -> None:
    async with Site({"/a.png": reply(200, PNG)}) as site, fetching(vault, site) as fetcher:
        urls = [site.url("/a.png")] * 20
        found = await asyncio.gather(*map(fetcher.fetch, urls))
        assert [await refusal(fetcher, site.url("/none")) for _ in range(2)] == [
            f"{site.host}/none leads to nothing (404). Check the address, or attach the file instead."
        ] * 2
    assert len(set(found)) == 1
    assert site.requests == ["/a.png", "/none"]


async def test_whoever_stops_waiting_stops_nobody_else(vault: Vault) -> None:
    held = asyncio.Event()

    async def hold(writer: asyncio.StreamWriter) -> None:
        await held.wait()
        writer.write(reply(200, PNG))

    async with Site({"/a.png": hold}) as site, fetching(vault, site) as fetcher:
        first, second = (asyncio.create_task(fetcher.fetch(site.url("/a.png"))) for _ in range(2))
        await site.arrived.wait()
        first.cancel()
        held.set()
        assert (await second).name == "a.png"
    assert site.requests == ["/a.png"]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://x.example/a.jpg", "x.example/a.jpg isn't a web address."),
        ("file:///etc/passwd", "/etc/passwd isn't a web address."),
        ("mug.jpg", "mug.jpg isn't a web address."),
        ("http://", "http:// isn't a web address."),
        ("http://[::1", "[::1 isn't a valid web address."),
        (
            "http://x.example:99999/",
            "x.example:99999/ uses port 99999, but only the usual ports of the web are opened.",
        ),
        ("http://x\x00y/", "x\ufffdy/ isn't a valid web address."),
        ("http://ann:secret@x.example/a.jpg", "x.example/a.jpg has a user name or password in it."),
        ("http://x.example:22/", "x.example:22/ uses port 22, but only the usual ports of the web are opened."),
    ],
)
async def test_what_isnt_the_address_of_a_public_file_is_refused(url: str, sentence: str, vault: Vault) -> None:
    async with fetching(vault) as fetcher:
        told = await refusal(fetcher, url)
    assert told.startswith(f"{sentence} ")
    assert told.endswith("ttach the file instead.")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("[::ffff:10.0.0.1]", "::ffff:a00:1"),
        ("169.254.169.254", "169.254.169.254"),
        ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("localhost", "127.0.0.1"),
    ],
)
async def test_a_private_address_isnt_opened_however_its_written(host: str, address: str, vault: Vault) -> None:
    async with fetching(vault) as fetcher:
        told = await refusal(fetcher, f"http://{host}/a.jpg")
    addresses = (address, "::1") if host == "localhost" else (address,)
    assert told in [
        f"{host}/a.jpg leads to a private network ({address}), so it wasn't opened. Attach the file instead."
        for address in addresses
    ]


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("http://127.0.0.1/a", "127.0.0.1"),
        ("http://[::1]/a", "::1"),
        ("//169.254.169.254/latest/meta-data", "169.254.169.254"),
        ("http://10.0.0.1:80/a", "10.0.0.1"),
        ("http://[64:ff9b::10.0.0.1]/", "64:ff9b::a00:1"),
    ],
)
async def test_a_redirect_to_a_private_address_is_refused(target: str, address: str, vault: Vault) -> None:
    pages = {"/a.jpg": reply(302, headers={"Location": target})}
    async with Site(pages) as site, fetching(vault, site) as fetcher:
        assert await refusal(fetcher, site.url("/a.jpg")) == (
            f"{site.host}/a.jpg leads to a private network ({address}), so it wasn't opened. Attach the file instead."
        )


async def test_redirects_are_followed_up_to_five_times(vault: Vault) -> None:
    pages = {f"/{n}": reply(301 + n % 2, headers={"Location": f"/{n + 1}"}) for n in range(6)}
    pages |= {"/6": reply(200, PNG), "/ftp": reply(307, headers={"Location": "ftp://x.example/"})}
    pages |= {"/odd": reply(302, headers={"Location": "http://x:y/"}), "/none": reply(302)}
    async with Site(pages) as site, fetching(vault, site) as fetcher:
        assert (await fetcher.fetch(site.url("/1"))).name == "6.png"
        told = [await refusal(fetcher, site.url(path)) for path in ("/0", "/ftp", "/odd", "/none")]
    assert told == [
        f"{site.host}/0 redirects more than 5 times. Check the address, or attach the file instead.",
        f"{site.host}/ftp isn't a web address. Use one that starts with https://, or attach the file instead.",
        f"{site.host}/odd isn't a valid web address. Check the address, or attach the file instead.",
        f"{site.host}/none can't be opened: its server answered with status 302. "
        "Try again later, or attach the file instead.",
    ]


@pytest.fixture
async def internet(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Internet]:
    async with Site({"/a.png": reply(200, PNG)}) as site:
        made = Internet(site)
        monkeypatch.setattr(httpcore, "AnyIOBackend", lambda: made)
        yield made


async def test_the_address_that_was_checked_is_the_one_connected_to(internet: Internet, vault: Vault) -> None:
    """A name server that gives a public address first and a private one next gains nothing."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["10.0.0.7", "93.184.216.34"], []])

    async def rebind(_: str) -> list[str]:
        return next(answers)

    async with Fetcher(vault, LIMITS, resolver=rebind) as fetcher:
        await fetcher.fetch("http://rebind.example/a.png")
        told = [await refusal(fetcher, "http://rebind.example/b.png")]
        await fetcher.fetch("http://mixed.example/a.png")
        told.append(await refusal(fetcher, "http://empty.example/a.png"))
    assert internet.connected == [("93.184.216.34", 80)] * 2
    assert told == [
        "rebind.example/b.png leads to a private network (127.0.0.1), so it wasn't opened. Attach the file instead.",
        "empty.example/a.png can't be opened: there's no server named empty.example. "
        "Check the address, or attach the file instead.",
    ]


async def test_the_addresses_of_a_host_are_tried_in_turn(internet: Internet, vault: Vault) -> None:
    async def several(_: str) -> list[str]:
        return ["2606:2800:220:1::1", "93.184.216.34", "10.0.0.1", "93.184.216.35"]

    internet.unreachable = {"93.184.216.34", "93.184.216.35"}
    async with Fetcher(vault, LIMITS, resolver=several) as fetcher:
        assert (await fetcher.fetch("http://shop.example/a.png")).name == "a.png"
        internet.unreachable.add("2606:2800:220:1::1")
        told = await refusal(fetcher, "http://shop.example/b.png")
    assert internet.connected == [("93.184.216.34", 80), ("93.184.216.35", 80), ("2606:2800:220:1::1", 80)] * 2
    assert told == (
        "shop.example/b.png can't be opened: the connection failed. Try again later, or attach the file instead."
    )


async def test_this_machine_isnt_opened_by_its_public_address(
    internet: Internet, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    internet.own_address = "93.184.216.34"
    async with Fetcher(vault, LIMITS) as fetcher:
        told = await refusal(fetcher, "http://93.184.216.34/a.png")
    assert told.startswith("93.184.216.34/a.png leads to a private network (127.0.0.1)")


async def test_an_unknown_host_is_reported(vault: Vault) -> None:
    async def unknown(_: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    async with Fetcher(vault, LIMITS, resolver=unknown) as fetcher:
        told = await refusal(fetcher, "https://shop.example/a.jpg")
    assert told == (
        "shop.example/a.jpg can't be opened: there's no server named shop.example. "
        "Check the address, or attach the file instead."
    )


PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "64:ff9b::8.8.8.8", "2001:4860:4860::8888"]
NOT_PUBLIC = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.255", "168.63.129.16"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.168.1.1", "198.18.0.1", "224.0.0.1"),
    *("240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:8.8.8.8", "::ffff:10.0.0.1", "::10.0.0.1", "fe80::1"),
    *("fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "64:ff9b::10.0.0.1", "64:ff9b:1::1"),
    *("64:ff9b::a9fe:a9fe", "2002:0a00:0001::1", "2001:0:4136:e378::1", "2001:db8::1", "3fff::1", "100::1", "x", ""),
]


def test_which_addresses_are_public() -> None:
    assert [address for address in PUBLIC if not is_public(address)] == []
    assert [address for address in NOT_PUBLIC if is_public(address)] == []


async def test_what_a_server_sends_instead_of_a_file_is_reported(vault: Vault) -> None:
    pages = {
        "/page.jpg": reply(200, b"<!doctype html><title>Log in</title>"),
        "/empty.jpg": reply(200),
        "/private.jpg": reply(403),
        "/broken.jpg": reply(500),
        "/noise.jpg": b"\x00\x01 not HTTP\r\n\r\n",
        "/short.jpg": reply(200, PNG, {"Content-Length": "999999"}),
        "/brotli.jpg": reply(200, PNG, {"Content-Encoding": "br"}),
        "/gzip.jpg": reply(200, PNG, {"Content-Encoding": "gzip"}),
        "/cut.jpg": reply(200, gzip.compress(PNG)[:-9], {"Content-Encoding": "gzip"}),
    }
    async with Site(pages) as site, fetching(vault, site) as fetcher:
        told = [(await refusal(fetcher, site.url(path), "jpg", "png")).removeprefix(site.host) for path in pages]
    unpacked = "sends a file that can't be unpacked. Attach the file instead."
    failed = "can't be opened: the connection failed. Try again later, or attach the file instead."
    assert told == [
        "/page.jpg leads to a web page, not to a JPG and PNG file. Check the address, or attach the file instead.",
        "/empty.jpg leads to an empty file. Check the address, or attach the file instead.",
        "/private.jpg isn't public (403). Attach the file instead.",
        "/broken.jpg can't be opened: its server answered with status 500. "
        "Try again later, or attach the file instead.",
        f"/noise.jpg {failed}",
        f"/short.jpg {failed}",
        *(f"/{name}.jpg {unpacked}" for name in ("brotli", "gzip", "cut")),
    ]


async def test_packed_answers_are_unpacked_and_bombs_are_bounded(vault: Vault) -> None:
    packed = {"Content-Encoding": "gzip"}
    pages = {
        "/a.png": reply(200, gzip.compress(PNG), packed),
        "/bomb.png": reply(200, gzip.compress(bytes(500 * MB), 1), packed),
    }
    async with Site(pages) as site, fetching(vault, site) as fetcher:
        found = await fetcher.fetch(site.url("/a.png"))
        told = await refusal(fetcher, site.url("/bomb.png"))
    assert vault.path(found.file.hash).read_bytes() == PNG
    assert told == f"{site.host}/bomb.png leads to a file of more than 2 MB. Attach the file instead."


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(bytes(65_536))
        await writer.drain()


async def dripping(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silent(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("page", "limits", "sentence"),
    [
        (endless, LIMITS, "leads to a file of more than 2 MB. Attach the file instead."),
        (dripping, Limits(MB, total_s=0.3), "takes too long to download. Try again later, or attach the file instead."),
        (silent, Limits(MB, idle_s=0.2), "takes too long to download. Try again later, or attach the file instead."),
    ],
)  # fmt: skip
async def test_endless_and_slow_answers_end(
    page: Callable[[asyncio.StreamWriter], Awaitable[None]], limits: Limits, sentence: str, vault: Vault
) -> None:
    begin = time.monotonic()
    async with Site({"/a.jpg": page}) as site, fetching(vault, site, limits=limits) as fetcher:
        assert await refusal(fetcher, site.url("/a.jpg")) == f"{site.host}/a.jpg {sentence}"
    assert time.monotonic() - begin < 4


async def test_1000_urls_of_one_host_share_its_four_connections(vault: Vault) -> None:
    pages = {f"/{n}.png": reply(200, PNG) for n in range(1_000)}
    async with Site(pages) as site, Site(pages) as other, fetching(vault, site, other) as fetcher:
        urls = [site.url(path) for path in pages] + [other.url(path) for path in list(pages)[:40]]
        found = await asyncio.gather(*map(fetcher.fetch, urls))
    assert len({file.file for file in found}) == 1
    assert sorted(site.requests) == sorted(pages)
    assert (site.most, other.most <= 4) == (4, True)


class FakeClock(Clock):
    """A clock on which waiting takes no time."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    def now(self) -> float:
        return 784_111_777.0 + sum(self.slept)  # Sun, 06 Nov 1994 08:49:37 GMT

    def steady(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("3", 3.0), ("Sun, 06 Nov 1994 08:49:44 GMT", 7.0), (None, 5.0), ("soon", 5.0)],
)
async def test_a_server_that_asks_to_wait_gets_its_way_once(
    retry_after: str | None, seconds: float, vault: Vault
) -> None:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    clock = FakeClock()
    pages: dict[str, Page | list[Page]] = {
        "/a.png": [reply(429, headers=headers), reply(200, PNG)],
        "/b.png": reply(503, headers=headers),
    }
    async with Site(pages) as site, fetching(vault, site, clock=clock) as fetcher:
        assert (await fetcher.fetch(site.url("/a.png"))).name == "a.png"
        assert clock.slept == [seconds]
        assert await refusal(fetcher, site.url("/b.png")) == (
            f"{site.host}/b.png gets too many requests at the moment. Try again later, or attach the file instead."
        )
    assert site.requests == ["/a.png"] * 2 + ["/b.png"] * 2


async def test_nobody_waits_for_an_hour_and_a_failing_host_is_given_up(vault: Vault) -> None:
    clock = FakeClock()
    busy = reply(429, headers={"Retry-After": "3600"})
    pages = {f"/{n}.png": busy for n in range(50)}
    async with Site(pages) as site, fetching(vault, site, clock=clock) as fetcher:
        told = [await refusal(fetcher, site.url(path)) for path in pages]
    assert all(sentence.endswith("Try again later, or attach the file instead.") for sentence in told)
    assert (clock.slept, len(site.requests)) == ([], 8)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for shop.example, with its key."""
    folder = tmp_path_factory.mktemp("certificate")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=shop.example"]
    command += ["-addext", "subjectAltName=DNS:shop.example", "-keyout", "key.pem", "-out", "cert.pem"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate with")
    return folder


async def test_a_certificate_is_verified_against_the_name_not_the_address(
    certificate: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))

    async def public(_: str) -> list[str]:
        return ["93.184.216.34"]

    pages = {"/a.png": reply(200, PNG), "/down": reply(302, headers={"Location": "http://shop.example/a.png"})}
    async with Site(pages, context) as site:
        internet = Internet(site)
        monkeypatch.setattr(httpcore, "AnyIOBackend", lambda: internet)
        async with Fetcher(vault, LIMITS, resolver=public) as fetcher:
            assert (await fetcher.fetch("https://shop.example/a.png")).name == "a.png"
            told = [await refusal(fetcher, f"https://{url}") for url in ("other.example/a.png", "shop.example/down")]
    assert told == [
        "other.example/a.png can't be opened safely: its server has no valid certificate. Attach the file instead.",
        "shop.example/down redirects to a connection that isn't secure. Attach the file instead.",
    ]
    assert names == ["shop.example", "other.example", "shop.example"]
    assert internet.connected == [("93.184.216.34", 443)] * 3
    assert "Host: shop.example\r\n" in site.heads[0]


async def test_proxies_and_cookies_are_ignored(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    pages = {
        "/a.png": reply(302, headers={"Location": "/b.png", "Set-Cookie": "a=b"}),
        "/b.png": reply(200, PNG),
    }
    async with Site(pages) as site, fetching(vault, site) as fetcher:
        await fetcher.fetch(site.url("/a.png"))
    assert ["cookie" in head.lower() for head in site.heads] == [False, False]


async def test_a_slow_name_server_counts_as_slow() -> None:
    async def slow(_: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(httpcore.ConnectTimeout):
        await PublicNetwork(slow).connect_tcp("slow.example", 80, timeout=0.05)


@given(disposition=st.text(st.characters(codec="latin-1")) | st.builds('attachment; filename="{}"'.format, st.text()),
       path=st.text(st.characters(codec="ascii"), max_size=50))  # fmt: skip
def test_any_header_gives_a_safe_name(disposition: str, path: str) -> None:
    headers = httpx.Headers([(b"Content-Disposition", disposition.encode("utf-8", "ignore"))])
    try:
        url = httpx.URL(f"http://x.example/{path}")
    except httpx.InvalidURL:
        url = httpx.URL("http://x.example/")
    name = answers.file_name(headers, url)
    assert is_safe(name)
    assert "/" not in name
