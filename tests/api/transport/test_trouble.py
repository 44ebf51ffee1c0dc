"""Trouble on the way to the API: the reason, what is at fault, and that nothing was sent."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from patcher.api import Settings
from patcher.api.transport import Transport, UnsentError
from patcher.api.transport.route import CERTIFICATES
from tests import hostile
from tests.api.servers import Script, answer, serving, unused_port
from tests.faults.relay import CERTIFICATE as LOOPBACK

KEY = "trouble-key-1"
API = "https://api.example"
FOLDER = Path(hostile.__file__).parent
SERVER, AUTHORITY, EXPIRED = (
    FOLDER / name for name in ("server.pem", "server_ca.pem", "expired.pem")
)


@pytest.fixture(autouse=True)
def no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """No certificates and no proxy but those of a test."""
    for name in (*CERTIFICATES, "SSLKEYLOGFILE"):
        monkeypatch.delenv(name, raising=False)


def failure(url: str, timeout: float = 5) -> UnsentError:
    """How a PUT fails, before a byte of it is sent."""
    transport = Transport(Settings(url, f"Bearer {KEY}", timeout=timeout))
    with pytest.raises(UnsentError) as caught:
        transport.send("PUT", "/api/x", body=b"{}")
    transport.close()
    error = caught.value
    assert error.message.startswith("PUT /api/x was not sent: ")
    assert KEY not in f"{error.message} {error.hint} {error!r}"
    return error


class Local(NamedTuple):
    """Something wrong on this machine: the variables, and what is said of them."""

    environ: Mapping[str, str]
    says: str
    hint: str


NO_FILE = "no such file or directory"
LOCAL = {
    "a bundle that is missing": Local(
        {"REQUESTS_CA_BUNDLE": "/missing"},
        f"REQUESTS_CA_BUNDLE names /missing, which cannot be read ({NO_FILE})",
        "REQUESTS_CA_BUNDLE",
    ),
    "another variable's bundle that is missing": Local(
        {"CURL_CA_BUNDLE": "/missing"}, "CURL_CA_BUNDLE names /missing", "CURL_CA_BUNDLE"
    ),
    "SSL_CERT_FILE that is missing": Local(
        {"SSL_CERT_FILE": "/missing", "REQUESTS_CA_BUNDLE": ""},
        f"SSL_CERT_FILE names /missing, which cannot be read ({NO_FILE})",
        "SSL_CERT_FILE",
    ),
    "a bundle below a file": Local(
        {"SSL_CERT_FILE": f"{os.devnull}/x"}, "which cannot be read (not a directory)", "unset it"
    ),
    "a bundle without certificates": Local(
        {"CURL_CA_BUNDLE": __file__}, f"CURL_CA_BUNDLE names {__file__}, which holds no", "PEM"
    ),
    "an empty bundle": Local(
        {"SSL_CERT_FILE": os.devnull}, "which holds no certificates", "PEM form"
    ),
    "a key log in a folder that is missing": Local(
        {"SSLKEYLOGFILE": "/missing/x"},
        f"SSLKEYLOGFILE names /missing/x, which cannot be written ({NO_FILE})",
        "SSLKEYLOGFILE",
    ),
    "a key log that is a folder": Local(
        {"SSLKEYLOGFILE": "/"}, "SSLKEYLOGFILE names /, which cannot be written", "unset it"
    ),
    "a SOCKS proxy": Local(
        {"ALL_PROXY": "socks5://127.0.0.1:1080"},
        "ALL_PROXY names socks5://127.0.0.1:1080, and only http and https proxies",
        "no_proxy=api.example",
    ),
    "a SOCKS proxy with a login": Local(
        {"https_proxy": "socks5h://user:hunter2@127.0.0.1:1080"},
        "https_proxy names socks5h://127.0.0.1:1080,",
        "https_proxy",
    ),
    "a proxy of another kind": Local({"HTTPS_PROXY": "ftp://p:21"}, "names ftp://p:21", "http"),
    "a proxy without a host": Local(
        {"https_proxy": "http://"}, "https_proxy does not hold the URL of a proxy", "http://proxy"
    ),
    "a proxy with an impossible port": Local(
        {"all_proxy": "http://p:99999"}, "all_proxy does not hold", "no_proxy"
    ),
    "a login that ends the host early": Local(
        {"https_proxy": "http://user:hunter2/x@p:3128"}, "https_proxy does not hold", "Correct it"
    ),
}


@pytest.mark.parametrize("local", LOCAL.values(), ids=LOCAL)
def test_a_setting_of_this_machine_is_named(local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable and the file at fault are in the message, a login is not; nothing is sent."""
    for name, value in local.environ.items():
        monkeypatch.setenv(name, value)

    error = failure(API)

    assert local.says in error.message
    assert local.hint in (error.hint or "")
    assert "hunter2" not in f"{error.message} {error.hint}"


@pytest.mark.parametrize("variable", CERTIFICATES)
def test_certificates_are_taken_from_the_first_variable_that_is_set(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSL_CERT_FILE counts like those of requests and curl, and after them; empty is not set."""
    for name in CERTIFICATES:
        monkeypatch.setenv(name, "")
    monkeypatch.setenv(variable, str(AUTHORITY))
    for later in CERTIFICATES[CERTIFICATES.index(variable) + 1 :]:
        monkeypatch.setenv(later, "/missing")

    with serving(answer(b"{}"), SERVER) as (url, seen):
        transport = Transport(Settings(url, f"Bearer {KEY}"))
        assert transport.send("GET", "/api/x").status == 200
        transport.close()

    assert len(seen) == 1


def test_plain_http_needs_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle that is missing does not keep anybody from this machine's sandbox."""
    monkeypatch.setenv("SSL_CERT_FILE", "/missing")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")

    with serving(answer(b"{}")) as (url, _):
        transport = Transport(Settings(url, f"Bearer {KEY}"))
        assert transport.send("GET", "/api/x").status == 200
        transport.close()


class Served(NamedTuple):
    """A server's certificate, what is trusted, and what is said of it."""

    certificate: Path
    trusted: Path | None
    says: str
    hint: str
    host: str = "127.0.0.1"


SERVED = {
    "self-signed": Served(
        SERVER, None, "the certificate of 127.0.0.1 is not trusted: self", "SSL_CERT_FILE (or"
    ),
    "not by these": Served(
        SERVER, LOOPBACK, "is not trusted: self", f"certificates in SSL_CERT_FILE ({LOOPBACK})"
    ),
    "another host's": Served(
        LOOPBACK, LOOPBACK, "is for another host than localhost", "the right address", "localhost"
    ),
    "another address's": Served(
        LOOPBACK, LOOPBACK, "is for another host than ::1", "https://[::1]:", "[::1]"
    ),
    "expired": Served(EXPIRED, EXPIRED, "the certificate of 127.0.0.1 has expired", "clock"),
}


@pytest.mark.parametrize("served", SERVED.values(), ids=SERVED)
def test_what_is_wrong_with_a_certificate_is_said(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not trusted, another host's, expired: each with what is trusted, or where to look."""
    if served.trusted is not None:
        monkeypatch.setenv("SSL_CERT_FILE", str(served.trusted))
    lookup = socket.getaddrinfo
    # Whatever the name, it is the server that listens on this machine's first address.
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: lookup("127.0.0.1", *rest, **more)
    )

    with serving(answer(b"{}"), served.certificate) as (url, seen):
        error = failure(url.replace("127.0.0.1", served.host))

    assert served.says in error.message
    assert served.hint in (error.hint or "")
    assert not any(seen)


def hang_up(connection: socket.socket, request: bytes) -> None:
    """Closes without a word."""


class Proxied(NamedTuple):
    """How a proxy answers, what is said of it, and what to do."""

    script: Script
    says: str
    hint: str
    login: str = ""


def refusal(status: str) -> Script:
    """A proxy that makes no tunnel."""
    return answer(b"", status=status)


PROXIED = {
    "a login is wanted": Proxied(
        refusal("407 Proxy Authentication Required"),
        "asks for a login (407)",
        "https_proxy=http://USER:PASSWORD@",
    ),
    "a login is not accepted": Proxied(
        refusal("407 No"),
        "does not accept the login in its URL (407)",
        "https_proxy=http://USER:PASSWORD@127",
        "user:hunter2@",
    ),
    "it forbids the host": Proxied(
        refusal("403 Forbidden"), "refused to connect to api.example (403)", "no_proxy=api.example"
    ),
    "it cannot reach the host": Proxied(
        refusal("503 No"), "refused to connect to api.example (503)", "https_proxy"
    ),
    "it hangs up": Proxied(hang_up, "broke while it was being made", "Check https_proxy"),
}


@pytest.mark.parametrize("proxied", PROXIED.values(), ids=PROXIED)
def test_what_a_proxy_refuses_is_said(proxied: Proxied, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy, the variable that names it, its status; its login is wanted and not shown."""
    with serving(proxied.script) as (url, seen):
        monkeypatch.setenv("https_proxy", url.replace("//", f"//{proxied.login}"))
        error = failure(API)

    assert f"the proxy {url} (https_proxy) " in error.message
    assert proxied.says in error.message
    assert proxied.hint in (error.hint or "")
    assert "hunter2" not in f"{error.message} {error.hint}"
    assert len(seen) == 1
    assert KEY.encode() not in seen[0]


def of_nobody(scheme: str) -> str:
    """An address on this machine where nobody listens."""
    return f"{scheme}://127.0.0.1:{unused_port()}"


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the API's address is at fault: the proxy's is, and the variable that holds it."""
    monkeypatch.setenv("ALL_PROXY", of_nobody("http"))

    error = failure(API)

    assert f"connection refused by the proxy {os.environ['ALL_PROXY']} (ALL_PROXY)" in error.message
    assert "no_proxy=api.example" in (error.hint or "")


def unresolvable(*args: object, **more: object) -> None:
    """A name that nobody knows."""
    raise socket.gaierror(-2, "Name or service not known")


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        ("", "the host name api.example could not be resolved"),
        ("http://proxy.example:3128", "name of the proxy http://proxy.example:3128 (https_proxy)"),
    ],
)
def test_a_name_that_cannot_be_resolved_is_said_whose(
    proxy: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API's name, or the proxy's."""
    monkeypatch.setenv("https_proxy", proxy)
    monkeypatch.setattr(socket, "getaddrinfo", unresolvable)

    assert says in failure(API).message


def plain(connection: socket.socket, request: bytes) -> None:
    """Answers a TLS handshake in plain http, as a server does."""
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("is_proxy", [False, True])
def test_a_port_without_tls_is_said_to_be_one(
    is_proxy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS to a port that speaks http: the server's, or a proxy's that is given as https://."""
    monkeypatch.setattr("tests.api.servers.read_request", lambda connection: connection.recv(99))
    with serving(plain) as (url, _):
        secure = url.replace("http://", "https://")
        if is_proxy:
            monkeypatch.setenv("https_proxy", secure)
        error = failure(API if is_proxy else secure)

    assert "wrong version number" in error.message
    assert f"{secure} (https_proxy)" in error.message or not is_proxy
    assert ("correct https_proxy" if is_proxy else "speak TLS?") in (error.hint or "")


@pytest.mark.parametrize(
    ("raised", "says"),
    [
        (TimeoutError("timed out"), "timed out after 5 s"),
        (OSError(101, "Network is unreachable"), ": network is unreachable"),
        (PermissionError(13, "Permission denied"), ": permission denied"),
    ],
)
def test_no_connection_has_a_reason(
    raised: OSError, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the system says of a connection that cannot be made is passed on."""

    def connect(*args: object, **more: object) -> None:
        raise raised

    monkeypatch.setattr(socket.socket, "connect", connect)

    error = failure("http://127.0.0.1:8080")

    assert "127.0.0.1:8080" in error.message
    assert says in error.message
    assert "the right address" in (error.hint or "")
