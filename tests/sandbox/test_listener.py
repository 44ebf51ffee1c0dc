"""Connections: kept alive, ended, refused."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
from typing import Any

import pytest
import requests

from patcher.sandbox.listener import Handler
from tests.sandbox import Sandbox, faults, seed
from tests.sandbox.conftest import Api, ApiFor


def test_connections_are_kept_alive(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests of one session share one connection, also after a refusal of a large body."""
    ports: list[int] = []
    run = Handler.run_wsgi

    def noting(handler: Handler) -> None:
        ports.append(handler.client_address[1])
        run(handler)

    monkeypatch.setattr(Handler, "run_wsgi", noting)
    for _ in range(3):
        api.model("GET")
        api.model("PATCH", data=b"x" * 100_000)

    assert (len(ports), len(set(ports))) == (6, 1)


def test_chunked_bodies_are_read(sandbox: Sandbox, api: Api, bare: dict[str, Any]) -> None:
    """A body without a Content-Length is read to its end."""
    answer = api.model("PUT", data=iter([json.dumps(bare).encode()]))

    assert answer.status_code == 200
    assert json.loads(sandbox.requests[0].get_data()) == bare


def test_closed_is_closed(api_for: ApiFor) -> None:
    """After closing, which may be done twice, nobody answers, not even on an old connection."""
    sandbox = Sandbox(models=1)
    api = api_for(sandbox)
    assert api.model("GET").status_code == 200
    sandbox.close()
    sandbox.close()

    assert sandbox.wait(0) is True
    with pytest.raises(requests.ConnectionError):
        api.model("GET")


def test_a_taken_port_is_an_os_error(sandbox: Sandbox) -> None:
    """A port in use is an OSError, with nothing printed and nothing left open."""
    port = int(sandbox.url.rpartition(":")[2])

    with pytest.raises(OSError, match="in use"):
        Sandbox(port=port)


def test_nothing_is_printed() -> None:
    """A sandbox, used and closed, prints nothing at all."""
    code = (
        "import urllib.request, patcher.sandbox as s\n"
        "with s.Sandbox(models=1) as b:\n"
        "    r = urllib.request.Request(b.url + '/api/me')\n"
        "    r.add_header('Authorization', 'Bearer ' + b.api_key)\n"
        "    assert urllib.request.urlopen(r).status == 200\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_nothing_is_printed_of_a_reader_that_is_gone(
    sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    """A reply that can no longer be sent ends its connection, and nothing else."""
    for _ in range(40):
        sandbox.create(seed.contacts())
    gate = faults.Gate()
    sandbox.fault(faults.hold(gate, method="GET", kind="models"))
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2]))) as reader:
        key = f"Authorization: Bearer {sandbox.api_key}"
        reader.sendall(f"GET /api/models HTTP/1.1\r\nHost: x\r\n{key}\r\n\r\n".encode())
        assert gate.wait_reached()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    gate.release()
    sandbox.close()

    assert capfd.readouterr() == ("", "")


def test_expect_continue_is_honoured(sandbox: Sandbox, bare: dict[str, Any]) -> None:
    """A client that waits for ``100 Continue`` before its body gets it, and then its answer."""
    body = json.dumps(bare).encode()
    head = (
        f"PUT /api/models/{seed.CONTACTS} HTTP/1.1\r\nHost: sandbox\r\n"
        f"Authorization: Bearer {sandbox.api_key}\r\n"
        f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    port = int(sandbox.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(body)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_request_that_is_cut_off_is_none(sandbox: Sandbox, api: Api) -> None:
    """A client that goes in the middle of its body leaves no request, and the server serves on."""
    head = (
        f"PUT /api/models/{seed.CONTACTS} HTTP/1.1\r\nHost: sandbox\r\n"
        f"Authorization: Bearer {sandbox.api_key}\r\nContent-Length: 99\r\n\r\n{{"
    )
    port = int(sandbox.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(head.encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""

    assert api.model("GET").status_code == 200
    assert [each.method for each in sandbox.requests] == ["GET"]


def test_a_program_that_does_not_close_it_ends() -> None:
    """Neither the server nor a connection that is still open keeps it from ending."""
    code = (
        "import requests; from patcher.sandbox import Sandbox; sandbox = Sandbox(models=1); "
        "session = requests.Session(); session.get(sandbox.url + '/api/me'); raise SystemExit(3)"
    )

    done = subprocess.run([sys.executable, "-c", code], timeout=30, check=False)

    assert done.returncode == 3
