"""Outgoing HTTP reaches public addresses only, and never too much or for too long."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors.addresses import AllowedHosts, is_public
from connectors.http import (
    OutgoingHttp,
    RefusedError,
    TimedOutError,
    TooLargeError,
    UnreachableError,
    UnreadableError,
    open_http,
)
from settings import Settings
from tests.connectors.vendor import Answer, Vendor

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "192.88.99.1",
    "198.18.0.1",
    "203.0.113.5",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::1",
    "2002:a00:1::",
    "2001::1",
    "2001:db8::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_these_addresses_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_these_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "017700000001",
        "0",
        "localhost",
        "LOCALHOST.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "10.0.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
    ],
)
async def test_no_spelling_of_a_private_host_is_reached(host: str, vendor: Vendor) -> None:
    port = vendor.url.rpartition(":")[2]
    async with OutgoingHttp(plain_http=True) as http:
        with pytest.raises((RefusedError, UnreachableError)):
            await http.request("GET", f"http://{host}:{port}/", timeout=5)
    assert vendor.arrived == []


async def test_an_operator_allows_by_name_address_or_network(vendor: Vendor) -> None:
    port = vendor.url.rpartition(":")[2]
    for allowed, host in [
        ("127.0.0.1", "127.0.0.1"),
        ("10.0.0.0/8, 127.0.0.0/8", "localhost"),
        ("localhost", "LocalHost"),
    ]:
        async with OutgoingHttp(AllowedHosts.parse(allowed), plain_http=True) as http:
            answer = await http.request("GET", f"http://{host}:{port}/")
            assert answer.status_code == 200
    with pytest.raises(ValueError, match="no host name, address or network"):
        AllowedHosts.parse("10.0.0.0/99")


async def test_a_second_dns_answer_changes_nothing(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the address that was checked is the one that is connected to."""
    port = int(vendor.url.rpartition(":")[2])
    asked: list[str] = []
    reached: list[str] = []
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def answers(host: Any, port: Any, **more: Any) -> Any:
        if host == "rebind.example":
            asked.append(host)
            address = "203.0.113.9" if len(asked) == 1 else "127.0.0.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
        reached.append(str(host))
        return await real(host, port, **more)

    monkeypatch.setattr(loop, "getaddrinfo", answers)
    # TEST-NET-3 stands for a public address; it is allowed here so that the check passes.
    async with OutgoingHttp(AllowedHosts.parse("203.0.113.9"), plain_http=True) as http:
        with pytest.raises((TimedOutError, UnreachableError)):
            await http.request("GET", f"http://rebind.example:{port}/", timeout=0.5)
    assert asked == ["rebind.example"]
    assert "127.0.0.1" not in reached
    assert vendor.arrived == []


async def test_private_addresses_among_public_ones_are_skipped(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()

    async def answers(host: Any, port: Any, **more: Any) -> Any:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("10.0.0.1", "192.168.0.1")
        ]

    monkeypatch.setattr(loop, "getaddrinfo", answers)
    async with OutgoingHttp() as http:
        with pytest.raises(RefusedError, match=r"mixed\.example is not a public address"):
            await http.request("GET", "https://mixed.example/")


async def test_redirects_pass_the_same_door(vendor: Vendor, http: OutgoingHttp) -> None:
    port = vendor.url.rpartition(":")[2]
    for target in (f"http://127.0.0.2:{port}/", "https://10.0.0.1/", "file:///etc/passwd"):
        vendor.answer(Answer(302, None, {"Location": target}))
        with pytest.raises(RefusedError):
            await http.request("GET", vendor.url, follow_redirects=True)
        assert len(vendor.arrived) == 1


async def test_a_redirect_to_another_host_carries_no_secret(vendor: Vendor) -> None:
    port = vendor.url.rpartition(":")[2]
    vendor.answer(Answer(302, None, {"Location": f"http://localhost:{port}/there"}), Answer())
    secret = {"Authorization": "Bearer s", "Cookie": "a=b", "X-Api-Key": "s", "X-Other": "kept"}
    async with OutgoingHttp(AllowedHosts.parse("127.0.0.1,localhost")) as http:
        await http.request(
            "GET", vendor.url, headers=secret, follow_redirects=True, private_headers=["X-Api-Key"]
        )
    there = vendor.last.headers
    assert there["host"].startswith("localhost")
    assert there["x-other"] == "kept"
    assert not {"authorization", "cookie", "x-api-key"} & set(there)


async def test_redirects_keep_or_change_the_method(vendor: Vendor, http: OutgoingHttp) -> None:
    for status, method, body in [(303, "GET", b""), (302, "GET", b""), (307, "POST", b'{"a":1}')]:
        vendor.answer(Answer(status, None, {"Location": "/next"}), Answer())
        headers = {"Authorization": "Bearer s"}
        await http.request(
            "POST", vendor.url, json={"a": 1}, headers=headers, follow_redirects=True
        )
        assert (vendor.last.method, vendor.last.path, vendor.last.body) == (method, "/next", body)
        assert vendor.last.headers["authorization"] == "Bearer s"


async def test_redirects_end(vendor: Vendor, http: OutgoingHttp) -> None:
    vendor.answer(Answer(302, None, {"Location": "/again"}))
    with pytest.raises(RefusedError, match="more than 5 times"):
        await http.request("GET", vendor.url, follow_redirects=True)
    assert len(vendor.arrived) == 6


async def test_only_https_to_the_world_in_production(vendor: Vendor) -> None:
    settings = Settings(environment="production", allowed_private_hosts="127.0.0.1")
    async with open_http(settings) as http:
        with pytest.raises(RefusedError, match="only https"):
            await http.request("GET", "http://example.com/")
        assert (await http.request("GET", vendor.url)).status_code == 200


async def test_large_answers_are_refused_also_when_they_are_packed(vendor: Vendor) -> None:
    limit = 100_000
    allowed = AllowedHosts.parse("127.0.0.1")
    async with OutgoingHttp(allowed, max_response_bytes=limit) as http:
        vendor.answer(Answer(200, b"x" * (limit + 1)))
        with pytest.raises(TooLargeError):
            await http.request("GET", vendor.url)
        bomb = gzip.compress(b"\0" * 50_000_000)
        vendor.answer(Answer(200, bomb, {"Content-Encoding": "gzip"}))
        with pytest.raises(TooLargeError):
            await http.request("GET", vendor.url)
        packed = gzip.compress(b"y" * limit)
        vendor.answer(Answer(200, packed, {"Content-Encoding": "gzip"}))
        answer = await http.request("GET", vendor.url)
        assert answer.content == b"y" * limit
        vendor.answer(Answer(200, b"no gzip", {"Content-Encoding": "gzip"}))
        with pytest.raises(UnreadableError, match="answered 200, and its answer cannot be read"):
            await http.request("GET", vendor.url)


async def test_an_answer_that_drips_ends_in_time(http: OutgoingHttp) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            while not writer.is_closing():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        # All of it would take 50 seconds.
        async with asyncio.timeout(30):
            with pytest.raises(TimedOutError, match=r"within 0\.3 s"):
                await http.request("GET", f"http://127.0.0.1:{port}/", timeout=0.3)


async def test_no_cookie_is_kept_for_the_next_user(vendor: Vendor, http: OutgoingHttp) -> None:
    vendor.answer(Answer(200, None, {"Set-Cookie": "session=of-one-user; Path=/"}))
    await http.request("GET", vendor.url)
    await http.request("GET", vendor.url)
    assert "cookie" not in vendor.last.headers


async def test_no_proxy_of_the_environment_is_used(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with OutgoingHttp(AllowedHosts.parse("127.0.0.1")) as http:
        assert (await http.request("GET", vendor.url)).status_code == 200


async def test_a_certificate_is_checked_against_the_name(tmp_path: Path) -> None:
    """The connection goes to an address, yet TLS is for the name in the URL."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    both = tmp_path / "server.pem"
    both.write_bytes(private + pem)
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(both)
    trusting = ssl.create_default_context(cadata=pem.decode())

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server_context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        allowed = AllowedHosts.parse("127.0.0.0/8")
        async with OutgoingHttp(allowed, verify=trusting) as http:
            assert (await http.request("GET", f"https://localhost:{port}/")).text == "ok"
            with pytest.raises(UnreachableError):
                await http.request("GET", f"https://127.0.0.1:{port}/")
        async with OutgoingHttp(allowed) as http:
            with pytest.raises(UnreachableError):
                await http.request("GET", f"https://localhost:{port}/")
