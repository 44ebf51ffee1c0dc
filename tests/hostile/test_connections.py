"""Where credentials go and do not go: keys, addresses, proxies, certificates."""

from __future__ import annotations

import select
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from patcher.api.transport.route import CERTIFICATES
from tests.api.servers import answer, serving
from tests.hostile.conftest import Command
from tests.hostile.test_servers import KEY, MODEL_ID, model
from tests.leaks import Watch

APPLY = ("apply", MODEL_ID, "--set", "name=New", "--yes", "--settle-timeout", "0")

KEYS = {
    "a header of its own": f"{KEY}\nX-Evil: 1",
    "a carriage return": f"{KEY}\r\nX-Evil: 1",
    "a line break in it": f"{KEY[:8]}\n{KEY[8:]}",
    "a tab": f"{KEY}\t{KEY}",
    "a space": f"{KEY} {KEY}",
    "a curly quote": f"\u2019{KEY}\u2019",
    "an escape": f"\x1b[2J{KEY}",
    "nothing but space": " \n ",
}


@pytest.fixture
def key_file(tmp_path: Path, nothing_leaks: Watch) -> Path:
    """A file for a key."""
    return nothing_leaks.mine(tmp_path / "key-file")


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("source", ["a key", "a file", "a partner's", "a deployment's", "its id"])
def test_a_malformed_key_is_refused_and_nowhere_shown(
    source: str, key: str, patch_model: Command, monkeypatch: pytest.MonkeyPatch, key_file: Path
) -> None:
    """Exit 2 before any request, and no part of the key on either stream, even under -vv."""
    key_file.write_text(key)
    environ, more = {
        "a key": ({"POLYTOMIC_API_KEY": key}, ()),
        "a file": ({}, ("--api-key-file", str(key_file))),
        "a partner's": (
            {"POLYTOMIC_ORGANIZATION_ID": "o", "POLYTOMIC_PARTNER_KEY": key},
            (),
        ),
        "a deployment's": (
            {"POLYTOMIC_ORGANIZATION_ID": "o", "POLYTOMIC_DEPLOYMENT_KEY": key},
            (),
        ),
        "its id": (
            {"POLYTOMIC_ORGANIZATION_ID": key, "POLYTOMIC_DEPLOYMENT_KEY": "k"},
            (),
        ),
    }[source]
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    with serving(answer(model())) as (url, seen):
        ended = patch_model(*APPLY, "--url", url, "-vv", *more)

    assert (ended.code, seen) == (2, [])
    assert "is empty or contains an invalid character" in ended.err
    assert KEY[:8] not in ended.out + ended.err
    assert "X-Evil" not in ended.out + ended.err


ADDRESSES = [
    "http://app.polytomic.com",
    "http://192.0.2.1",
    "http://0.0.0.0",
    "http://[::]",
    "http://[::ffff:192.0.2.1]",
    "http://2130706433",
    "http://0x7f000001",
    "http://127.1",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://localhost@evil.example",
    "http://127.0.0.1:80@evil.example",
    "https://user:hunter2@app.polytomic.com",
    "https://app.polytomic.com\\@evil.example",
    "https://app.polytomic.com?url=https://evil.example",
    "https://app.polytomic.com#@evil.example",
    "https://app.polytomic.com\r\nHost: evil.example",
    "https://app.polytomic.com\x1b[2J",
    "https://\uff45vil.example",
    "ftp://app.polytomic.com",
    "file:///etc/passwd",
    "javascript://app.polytomic.com",
    "https://",
    "https:///app.polytomic.com",
    "https://app.polytomic.com:99999",
]


@pytest.mark.parametrize("url", ADDRESSES)
@pytest.mark.parametrize("source", ["--url", "the environment"])
def test_an_address_that_credentials_must_not_go_to_is_refused(
    url: str, source: str, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2 before anything is looked up; what may be a password in it is not shown."""
    monkeypatch.setenv("POLYTOMIC_API_KEY", KEY)
    monkeypatch.setattr(socket, "getaddrinfo", None)
    if source == "--url":
        ended = patch_model(*APPLY, "--url", url)
    else:
        monkeypatch.setenv("POLYTOMIC_DEPLOYMENT_URL", url)
        ended = patch_model(*APPLY)

    assert ended.code == 2
    assert ended.err.startswith("Error: ")
    assert "hunter2" not in ended.out + ended.err
    assert "\x1b" not in ended.err


CERTIFICATE = Path(__file__).with_name("server.pem")
AUTHORITY = Path(__file__).with_name("server_ca.pem")


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key, and no wait between two attempts."""
    monkeypatch.setenv("POLYTOMIC_API_KEY", KEY)
    monkeypatch.setattr("time.sleep", lambda seconds: None)


@pytest.mark.parametrize("variable", CERTIFICATES)
def test_certificates_of_the_environment_are_honoured(
    variable: str, key: None, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company's own authority, named as for every other program, is believed."""
    for name in CERTIFICATES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(AUTHORITY))

    with serving(answer(model()), CERTIFICATE) as (url, seen):
        ended = patch_model("get", MODEL_ID, "--url", url)

    assert (ended.code, ended.err) == (0, "")
    assert f"Authorization: Bearer {KEY}\r\n".encode() in seen[0]


def test_a_certificate_that_nobody_knows_is_refused(key: None, patch_model: Command) -> None:
    """Without that it is exit 3, and nothing was sent: not the key, not the request."""
    with serving(answer(model()), CERTIFICATE) as (url, seen):
        ended = patch_model("get", MODEL_ID, "--url", url)

    assert (ended.code, [one for one in seen if one]) == (3, [])
    assert "is not trusted: self-signed certificate" in ended.err


def relay(connection: socket.socket, request: bytes) -> None:
    """Does what a CONNECT asks for: bytes to and fro, until one side closes."""
    host, _, port = request.split()[1].decode().rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as there:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        others = {connection: there, there: connection}
        while True:
            ready: Sequence[socket.socket] = select.select(list(others), [], [], 10)[0]
            for one in ready:
                data = one.recv(65536)
                if not data:
                    return
                others[one].sendall(data)


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment_is_honoured_and_learns_nothing(
    variable: str, key: None, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for a tunnel, and sees where to, but neither the key nor the request."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(AUTHORITY))
    with serving(answer(model()), CERTIFICATE) as (url, seen), serving(relay) as (proxy, asked):
        monkeypatch.setenv(variable, proxy)
        ended = patch_model("get", MODEL_ID, "--url", url)

    assert (ended.code, ended.err) == (0, "")
    assert len(seen) == len(asked) == 1
    assert asked[0].startswith(f"CONNECT {url.removeprefix('https://')} HTTP/1.".encode())
    assert KEY.encode() not in asked[0]


def test_no_proxy_is_honoured(
    key: None, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that the environment exempts is reached directly."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(AUTHORITY))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(answer(model()), CERTIFICATE) as (url, seen), serving(relay) as (proxy, asked):
        monkeypatch.setenv("https_proxy", proxy)
        ended = patch_model("get", MODEL_ID, "--url", url)

    assert (ended.code, len(seen), asked) == (0, 1, [])


def test_the_credentials_of_a_proxy_are_not_shown(
    key: None, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that refuses is said to, without its password and without the key."""
    with serving(answer(b"", status="407 Proxy Authentication Required")) as (proxy, asked):
        monkeypatch.setenv("https_proxy", proxy.replace("//", "//user:proxy-password@"))
        ended = patch_model(*APPLY, "--url", "https://api.example", "-vv")

    assert ended.code == 3
    assert "does not accept the login in its URL (407)" in ended.err
    assert "USER:PASSWORD@" in ended.err
    assert "proxy-password" not in ended.out + ended.err
    assert KEY not in ended.out + ended.err
    assert asked
    assert KEY.encode() not in b"".join(asked)
