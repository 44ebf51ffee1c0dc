"""One client, many threads: an adapter each, one set of certificates, one pace."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from urllib3.connectionpool import HTTPSConnectionPool

from patcher.api import Client, Settings
from patcher.api.pace import Pace
from patcher.api.transport import Transport
from patcher.api.transport.connections import WitnessAdapter
from tests.api.servers import answer, serving
from tests.sandbox import Sandbox, faults, seed


def in_threads(count: int, work: Callable[[], None]) -> None:
    """Does something in several threads at the same time."""
    barrier = threading.Barrier(count)

    def one() -> None:
        barrier.wait(5)
        work()

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_each_thread_has_an_adapter_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """No adapter is used by two threads; one of a thread that has ended is not kept."""
    users: dict[WitnessAdapter, set[int]] = {}
    send = WitnessAdapter.send

    def watched(self: WitnessAdapter, *args: Any, **kwargs: Any) -> Any:
        users.setdefault(self, set()).add(threading.get_ident())
        return send(self, *args, **kwargs)

    monkeypatch.setattr(WitnessAdapter, "send", watched)
    with Sandbox(models=1) as sandbox:
        transport = Transport(Settings(sandbox.url, f"Bearer {sandbox.api_key}"))
        done = threading.Barrier(4)

        def work() -> None:
            for _ in range(3):
                transport.send("GET", f"/api/models/{seed.CONTACTS}")
            done.wait(5)

        in_threads(4, work)
        used = [set(threads) for threads in users.values()]
        users.clear()
        gc.collect()
        left = len(transport._adapters)
        transport.send("GET", f"/api/models/{seed.CONTACTS}")
        transport.close()

    assert [len(threads) for threads in used] == [1] * 4
    assert len(set.union(*used)) == 4
    assert left == 0


def test_cookies_are_neither_kept_nor_sent() -> None:
    """What a load balancer sets is not sent back, by the same thread either."""
    with serving(answer(b"{}", headers="Set-Cookie: lb=1; Path=/\r\n")) as (url, seen):
        transport = Transport(Settings(url, "Bearer key"))
        for _ in range(2):
            transport.send("GET", "/api/x")
        transport.close()

    assert len(seen) == 2
    assert not any(b"cookie" in one.lower() for one in seen)


def test_all_adapters_trust_by_one_set_of_certificates() -> None:
    """The bundle is read once, verification stays on, and no pool reads it again."""
    pools = []
    for _ in range(2):
        pool = HTTPSConnectionPool("example.invalid")
        WitnessAdapter().cert_verify(pool, "https://example.invalid", verify=True, cert=None)
        pools.append(pool)
    # Some versions of requests share one by themselves, where nothing else is asked for.
    contexts = [pool.conn_kw.get("ssl_context") for pool in pools]

    assert contexts[0] is contexts[1]
    assert pools[0].cert_reqs == "CERT_REQUIRED"
    assert pools[0].ca_certs is None
    assert contexts[0] is None or contexts[0].cert_store_stats()["x509_ca"] > 50


def test_certificates_that_are_named_are_the_ones_trusted(tmp_path: Any) -> None:
    """A bundle named in the environment is trusted in the place of the usual one."""
    import certifi

    first = Path(certifi.where()).read_text().split("-----END CERTIFICATE-----")[0]
    bundle = tmp_path / "one.pem"
    bundle.write_text(first + "-----END CERTIFICATE-----\n")
    pool = HTTPSConnectionPool("example.invalid")
    WitnessAdapter().cert_verify(pool, "https://example.invalid", verify=str(bundle), cert=None)

    assert pool.conn_kw["ssl_context"].cert_store_stats()["x509"] == 1


def test_a_429_pauses_every_thread() -> None:
    """While the API wants no request for 7 seconds, none is sent by anybody."""
    slept: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    with Sandbox(models=2) as sandbox:
        sandbox.fault(faults.status_before(429, headers={"Retry-After": "7"}, method="GET"))
        plain = Client(sandbox.url, sandbox.api_key)
        pace = Pace(monotonic=lambda: now[0])
        one, other = plain.at_pace(pace, sleep), plain.at_pace(pace, sleep)
        one.read_raw("/api/models", seed.CONTACTS)
        assert slept == [7.0]

        pace.throttled(3)
        other.read_raw("/api/models", seed.ACCOUNTS)
        assert slept == [7.0, 3.0]
        assert other.pause_left == 0
        plain.close()


def test_a_pause_that_is_longer_than_anybody_waits_is_none() -> None:
    """An hour's pause is not waited for: it is the error of whoever was told."""
    with Sandbox(models=1) as sandbox:
        sandbox.fault(faults.status_before(429, headers={"Retry-After": "3600"}, method="GET"))
        pace = Pace()
        plain = Client(sandbox.url, sandbox.api_key)
        client = plain.at_pace(pace, lambda seconds: None)
        with pytest.raises(Exception, match="429"):
            client.read_raw("/api/models", seed.CONTACTS)
        client.close()

    assert pace.pause_left() == 0
