"""The route of requests: the proxy, and the certificates to trust.

Read from the environment here, not by requests, so that messages about a proxy or a certificate can
name the variable it comes from.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from ssl import SSLContext, SSLError
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

CERTIFICATES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""The variables that name certificates to trust, a file or a folder; the first one set counts."""

_PROXIES: Final = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


class LocalError(OSError):
    """A setting or a file of this machine prevents a connection.

    The message names the variable or the file; ``hint`` says what to do.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Route(NamedTuple):
    """The route to an API.

    Attributes:
        url: the API's base URL.
        proxy: the URL of the proxy, with its login; None for a direct connection.
        proxy_from: the variable that names the proxy.
        certificates: the file or folder of certificates to trust; None for requests' own.
        certificates_from: the variable that names them.
    """

    url: str
    proxy: str | None = None
    proxy_from: str = ""
    certificates: str | None = None
    certificates_from: str = ""

    @classmethod
    def to(cls, url: str) -> Route:
        """The route to ``url`` by the environment. Raises LocalError.

        Plain http is for this machine only and uses no proxy.
        """
        _check_key_log()
        if not url.startswith("https://"):
            return cls(url)
        name = next((one for one in CERTIFICATES if os.environ.get(one)), "")
        bundle = os.environ[name] if name else None
        if bundle is not None:
            _check_certificates(name, bundle)
        return cls(url, *_proxy(url), bundle, name)

    @property
    def host(self) -> str:
        """The API's host."""
        return urlsplit(self.url).hostname or ""

    @property
    def address(self) -> str:
        """The API's host and port."""
        return urlsplit(self.url).netloc

    @property
    def proxy_name(self) -> str:
        """The proxy without its login, and its variable: for messages."""
        return f"the proxy {without_login(self.proxy or '')} ({self.proxy_from})"

    def __str__(self) -> str:
        """The route in words."""
        return f"{self.url} through {self.proxy_name}" if self.proxy else self.url


def without_login(url: str) -> str:
    """A proxy's URL without its login."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


@lru_cache(maxsize=8)
def trusting(bundle: str) -> SSLContext:
    """The TLS settings that trust the certificates in a file or folder.

    Made once: reading the bundle takes longer than a request, and every thread has connections.
    """
    from urllib3.util.ssl_ import create_urllib3_context

    context = create_urllib3_context()
    is_folder = Path(bundle).is_dir()
    context.load_verify_locations(None if is_folder else bundle, bundle if is_folder else None)
    return context


def _check_certificates(variable: str, bundle: str) -> None:
    try:
        Path(bundle).stat()
        trusting(bundle)
    except SSLError as error:
        what = f"{variable} names {bundle}, which holds no certificates"
        raise LocalError(what, "It must be a file of certificates in PEM form.") from error
    except (OSError, ValueError) as error:
        what = f"{variable} names {bundle}, which cannot be read ({_why(error)})"
        raise LocalError(what, f"Correct {variable}, or unset it.") from error


def _check_key_log() -> None:
    """TLS libraries write session keys to this file, and fail with a bare OSError if they can't."""
    path = os.environ.get("SSLKEYLOGFILE")
    try:
        if path:
            with Path(path).open("ab"):
                pass
    except (OSError, ValueError) as error:
        what = f"SSLKEYLOGFILE names {path}, which cannot be written ({_why(error)})"
        raise LocalError(what, "Correct SSLKEYLOGFILE, or unset it.") from error


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def _proxy(url: str) -> tuple[str | None, str]:
    """The proxy for a URL and the variable that names it. Raises LocalError for an unusable one."""
    from requests.utils import get_environ_proxies, select_proxy

    proxy = select_proxy(url, get_environ_proxies(url))
    if not proxy:
        return None, ""
    found = (one for one in _PROXIES if os.environ.get(one) == proxy)
    variable = next(found, "the system's proxy settings")
    parts = _split(proxy if "://" in proxy else f"http://{proxy}")
    otherwise = f"or set no_proxy={urlsplit(url).hostname} to connect without a proxy."
    if parts is None:
        # Not shown: a login may be in there, and where it ends is unknown.
        what = f"{variable} does not hold the URL of a proxy"
        raise LocalError(what, f"It looks like http://proxy.example:3128. Correct it, {otherwise}")
    shown = without_login(parts.geturl())
    if parts.scheme not in ("http", "https"):
        what = f"{variable} names {shown}, and only http and https proxies are supported"
        raise LocalError(what, f"Set https_proxy to an HTTP proxy, {otherwise}")
    return parts.geturl(), variable


def _split(url: str) -> SplitResult | None:
    """A URL in its parts, or None for what has no host or no possible port."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # checked only when asked for
    except ValueError:
        return None
    # A password with a slash or "#" in it ends the host early, and would be shown as a part of it.
    is_whole = parts.path in ("", "/") and not parts.query and not parts.fragment
    is_plain = url.isprintable() and " " not in url
    return parts if parts.hostname and is_whole and is_plain else None
