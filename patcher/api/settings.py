"""Connection settings: URL, credentials, timeouts."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from patcher.errors import SettingsError

DEFAULT_URL: Final = "https://app.polytomic.com"
DEFAULT_API_VERSION: Final = "2025-09-18"

# Of earlier versions an update is a PATCH, which leaves alone what it does not name.
_FIRST_API_VERSION: Final = "2024-02-08"

_PRINTABLE: Final = re.compile(r"[\x21-\x7e]+")
_API_VERSION: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settings:
    """The connection settings of a client.

    Attributes:
        url: scheme, host and port, and a path where there is one, without ``/api``.
        authorization: the Authorization header's value. Never shown: not in ``repr``, not in
            errors.
        api_version: sent as X-Polytomic-Version with every request.
        timeout: seconds for a whole request: to connect, to send it, and to read its answer to
            the last byte.
        organization_id: the organization that the credentials act in, where they name one.
    """

    url: str
    authorization: str
    api_version: str = DEFAULT_API_VERSION
    timeout: float = 60.0
    organization_id: str | None = None

    def __repr__(self) -> str:
        return f"Settings(url={self.url!r}, api_version={self.api_version!r})"

    @property
    def secrets(self) -> frozenset[str]:
        """The key, and the encodings in which a server may repeat it."""
        scheme, _, value = self.authorization.partition(" ")
        found = {value}
        if scheme == "Basic":
            pair = base64.b64decode(value).decode()
            found |= {pair, pair.partition(":")[2]}
        encoded = {
            encode(one.encode()).decode().rstrip("=")
            for one in found
            for encode in (base64.b64encode, base64.urlsafe_b64encode)
        }
        return frozenset(filter(None, found | encoded | {value.rstrip("=")}))

    @classmethod
    def from_env(
        cls,
        environ: Mapping[str, str],
        *,
        url: str | None = None,
        api_key_file: Path | None = None,
        api_version: str | None = None,
        timeout: float | None = None,
    ) -> Settings:
        """Settings from environment variables; arguments take precedence.

        Reads POLYTOMIC_DEPLOYMENT_URL, POLYTOMIC_API_KEY, or POLYTOMIC_ORGANIZATION_ID with
        POLYTOMIC_PARTNER_KEY or POLYTOMIC_DEPLOYMENT_KEY. Raises SettingsError.
        """
        if timeout is not None and not 0 < timeout < 86_400:
            raise SettingsError(f"The timeout must be positive, in seconds; it is {timeout:g}.")
        version = _checked_version(api_version or DEFAULT_API_VERSION)
        authorization, organization_id = _credentials(environ, api_key_file)
        return cls(
            url=checked_url(url or environ.get("POLYTOMIC_DEPLOYMENT_URL") or DEFAULT_URL),
            authorization=authorization,
            api_version=version,
            timeout=60.0 if timeout is None else timeout,
            organization_id=organization_id,
        )


def bearer(key: str, *, source: str) -> str:
    """The Authorization header for a user's API key. ``source`` names it in errors."""
    return f"Bearer {_checked_key(key, source)}"


def basic(organization_id: str, key: str, *, source: str) -> str:
    """The Authorization header for a key acting in one organization (RFC 7617)."""
    organization = _checked_key(organization_id, "POLYTOMIC_ORGANIZATION_ID")
    pair = f"{organization}:{_checked_key(key, source)}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def _checked_version(text: str) -> str:
    """An API version whose update is a PUT. Raises SettingsError."""
    try:
        if not _API_VERSION.fullmatch(text):
            raise ValueError(text)
        date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is not an API version.", hint=f"Versions are dates, {DEFAULT_API_VERSION}."
        ) from error
    if text < _FIRST_API_VERSION:
        raise SettingsError(
            f"API version {text} is not supported: its update is not a PUT.",
            hint=f"Use {_FIRST_API_VERSION} or later; the default is {DEFAULT_API_VERSION}.",
        )
    return text


def checked_url(text: str) -> str:
    """A base URL in full: host in lower case, no default port, no slash and no ``/api`` at its end.

    A bare host means https, or http to this machine. Raises SettingsError for what is no such
    URL, and for http to anywhere else, since credentials go there.
    """
    text = text.strip()
    parts = _split(text if "://" in text else f"https://{text}")
    host = parts.hostname
    if "://" not in text and host and _is_loopback(host):
        parts = parts._replace(scheme="http")
    if parts.scheme not in ("http", "https") or not host:
        raise SettingsError(f"{_shown(text)} is not a valid URL.", hint=_URL_HINT)
    if parts.username is not None or parts.password is not None:
        raise SettingsError("The URL holds credentials.", hint="Use POLYTOMIC_API_KEY instead.")
    if parts.query or parts.fragment:
        raise SettingsError(f"{_shown(text)} has a query or fragment.", hint=_URL_HINT)
    if parts.scheme == "http" and not _is_loopback(host):
        raise SettingsError(
            f"{_shown(text)} is not encrypted; it would expose the credentials.",
            hint="Use https. Plain http is for this machine only.",
        )
    netloc = parts.netloc.lower()
    if parts.port in (None, _PORTS[parts.scheme]):
        netloc = re.sub(r":\d*$", "", netloc)
    path = parts.path.rstrip("/").removesuffix("/api").rstrip("/")
    return f"{parts.scheme}://{netloc}{path}"


_PORTS: Final = {"https": 443, "http": 80}
_URL_HINT: Final = "Use a URL like https://app.polytomic.com, or a host name."


def _split(text: str) -> SplitResult:
    if not _PRINTABLE.fullmatch(text):
        raise SettingsError("The URL contains a space or a control character.", hint=_URL_HINT)
    try:
        parts = urlsplit(text)
        _ = parts.port  # checked only when asked for
    except ValueError as error:
        raise SettingsError(f"{_shown(text)} is not a valid URL.", hint=_URL_HINT) from error
    return parts


def _shown(url: str) -> str:
    """The URL without its login."""
    return repr(re.sub(r"//[^/@]*@", "//", url))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _credentials(environ: Mapping[str, str], api_key_file: Path | None) -> tuple[str, str | None]:
    """The Authorization header, and the organization of its key if one is named."""
    if api_key_file is not None:
        return bearer(_read_key(api_key_file), source=str(api_key_file)), None
    if environ.get("POLYTOMIC_API_KEY"):
        return bearer(environ["POLYTOMIC_API_KEY"], source="POLYTOMIC_API_KEY"), None
    for name in ("POLYTOMIC_PARTNER_KEY", "POLYTOMIC_DEPLOYMENT_KEY"):
        if not environ.get(name):
            continue
        if not environ.get("POLYTOMIC_ORGANIZATION_ID"):
            raise SettingsError(
                f"{name} needs an organization.",
                hint="Set POLYTOMIC_ORGANIZATION_ID to its ID.",
            )
        organization_id = environ["POLYTOMIC_ORGANIZATION_ID"]
        return basic(organization_id, environ[name], source=name), organization_id.strip()
    raise SettingsError(
        "No credentials found.",
        hint="Set POLYTOMIC_API_KEY, or pass --api-key-file FILE.",
    )


def _read_key(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not a text file.") from error


def _checked_key(key: str, source: str) -> str:
    """The key without surrounding white space; no error shows it."""
    stripped = key.strip()
    if not _PRINTABLE.fullmatch(stripped):
        raise SettingsError(
            f"The key in {source} is empty or contains an invalid character.",
            hint="Copy it again; a key is one line of printable ASCII characters.",
        )
    return stripped
