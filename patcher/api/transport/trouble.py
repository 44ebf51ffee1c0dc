"""Why a request failed, in words: the reason, and the variable or the file at fault.

An exception of requests wraps others, and its own text contains object addresses and URLs. The
reason comes from those it wraps: an errno, OpenSSL's code, a proxy's status.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeVar

import requests
import urllib3

from patcher.api.transport.connections import Bounds, SwitchedError, UnpackingError
from patcher.api.transport.route import CERTIFICATES, Route

E = TypeVar("E", bound=BaseException)

# http.client has no other way to say it.
_TUNNEL: Final = re.compile(r"Tunnel connection failed: (\d{3})")

# OpenSSL's codes (X509_V_ERR_...), whose own texts name neither what to do nor the host.
_NOT_YET_VALID, _EXPIRED, _WRONG_HOST, _WRONG_ADDRESS = 9, 10, 62, 64


class Trouble(NamedTuple):
    """What failed, and what to do about it."""

    reason: str
    hint: str | None = None


def unsent(error: BaseException, route: Route, timeout: float) -> Trouble:
    """Why a request could not be sent."""
    return (
        _of_tunnel(error, route)
        or _of_certificate(error, route)
        or _of_tls(error, route)
        or _of_connection(error, route, timeout)
    )


def lost(error: BaseException, bounds: Bounds, timeout: float) -> str:
    """Why a request that was, or may have been, sent has no response.

    In words that hold no header, no address of an object, no body.
    """
    if bounds.is_exceeded:
        return f"the response is longer than {bounds.size // 1024 // 1024} MiB"
    if bounds.is_late:
        return f"timed out after {timeout:g} s"
    reasons: list[tuple[type[BaseException], str]] = [
        (UnpackingError, "the answer could not be decoded"),
        (urllib3.exceptions.DecodeError, "the answer could not be decoded"),
        (SwitchedError, "it switched to another protocol (101), which was not asked for"),
        (requests.exceptions.Timeout, "timed out"),
        (urllib3.exceptions.ReadTimeoutError, "timed out"),
        (urllib3.exceptions.ProtocolError, "the answer was cut short"),
        (requests.exceptions.ConnectionError, "the connection broke"),
    ]
    inner = (UnpackingError, SwitchedError)
    for kind, text in reasons:
        if isinstance(error, kind) or (kind in inner and _find(error, kind) is not None):
            return text
    return "the request could not be made"


def _of_tunnel(error: BaseException, route: Route) -> Trouble | None:
    """A proxy that refused to connect to the API's host."""
    found = next((m for one in _chain(error) if (m := _TUNNEL.search(str(one)))), None)
    if found is None or route.proxy is None:
        return None
    if found[1] == "407":
        has_login = "@" in route.proxy
        what = "does not accept the login in its URL" if has_login else "asks for a login"
        form = re.sub("//(.*@)?", "//USER:PASSWORD@", route.proxy, count=1)
        return Trouble(
            f"{route.proxy_name} {what} (407)",
            f"Give the login in the proxy's URL, {route.proxy_from}={form}, with special "
            "characters percent-encoded.",
        )
    return Trouble(
        f"{route.proxy_name} refused to connect to {route.address} ({found[1]})",
        _proxy_hint(route),
    )


def _of_certificate(error: BaseException, route: Route) -> Trouble | None:
    """A certificate that is not trusted, or for another host."""
    found = _find(error, ssl.SSLCertVerificationError)
    if found is None:
        return None
    whose = route.proxy_name if _is_proxys(error) else route.host
    if found.verify_code in (_WRONG_HOST, _WRONG_ADDRESS):
        return Trouble(
            f"the certificate is for another host than {route.host}",
            f"Is {route.url} the right address? If it is, something in between answers for it.",
        )
    if found.verify_code in (_EXPIRED, _NOT_YET_VALID):
        what = "has expired" if found.verify_code == _EXPIRED else "is not valid yet"
        return Trouble(
            f"the certificate of {whose} {what}",
            "Check the clock of this machine; if it is right, the server needs a new certificate.",
        )
    reason = f"the certificate of {whose} is not trusted: {found.verify_message}"
    if route.certificates:
        trusted = f"{route.certificates_from} ({route.certificates})"
        return Trouble(reason, f"Only the certificates in {trusted} are trusted; add its issuer.")
    names = ", ".join(CERTIFICATES[:-1])
    return Trouble(
        reason,
        f"If your organization issued it, set SSL_CERT_FILE (or {names}) to a PEM file with its "
        "issuer.",
    )


def _of_tls(error: BaseException, route: Route) -> Trouble | None:
    """Any other failure of TLS."""
    found = _find(error, ssl.SSLError)
    if found is None:
        return None
    why = (found.reason or found.strerror or "no reason given").lower().replace("_", " ")
    whom = route.proxy_name if _is_proxys(error) else route.address
    hint = f"Does {route.address} speak TLS? Is {route.url} the right address?"
    if _is_proxys(error):
        hint = f"Most proxies are reached by http://; correct {route.proxy_from}."
    return Trouble(f"no secure connection to {whom}: {why}", hint)


def _of_connection(error: BaseException, route: Route, timeout: float) -> Trouble:
    """No connection at all: to the proxy where there is one, else to the API's host."""
    whom = route.proxy_name if route.proxy else route.address
    hint = _proxy_hint(route) if route.proxy else f"Is {route.url} the right address?"
    if _find(error, socket.gaierror) or _find(error, urllib3.exceptions.NameResolutionError):
        name = f"of {route.proxy_name}" if route.proxy else route.host
        reason = f"the host name {name} could not be resolved"
    elif _find(error, ConnectionRefusedError):
        reason = f"connection refused by {whom}"
    elif _find(error, TimeoutError) or _find(error, requests.exceptions.Timeout):
        reason = f"connecting to {whom} timed out after {timeout:g} s"
    elif _find(error, ConnectionError):
        reason = f"the connection to {whom} broke while it was being made"
    else:
        failed = next(
            (one for one in _chain(error) if isinstance(one, OSError) and one.errno), None
        )
        why = f": {failed.strerror.lower()}" if failed and failed.strerror else ""
        reason = f"no connection to {whom}{why}"
    return Trouble(reason, hint)


def _proxy_hint(route: Route) -> str:
    return f"Check {route.proxy_from}, or set no_proxy={route.host} to connect without a proxy."


def _is_proxys(error: BaseException) -> bool:
    """Whether the connection to the proxy failed."""
    return isinstance(error, requests.exceptions.ProxyError)


def _find(error: BaseException, kind: type[E]) -> E | None:
    """The outermost of a kind among an error and those behind it."""
    return next((one for one in _chain(error) if isinstance(one, kind)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those behind it: causes, contexts, and what libraries wrap in arguments."""
    waiting, seen = [error], set()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        behind = (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
        waiting += [other for other in behind if isinstance(other, BaseException)]
