"""Where the API is and who is asking."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from patcher.api import Client, Settings
from patcher.api.settings import checked_url
from patcher.errors import SettingsError

KEY = "secret-key-1234"


def settings(**environ: str) -> Settings:
    """Settings from these environment variables."""
    return Settings.from_env(environ)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://app.polytomic.com", "https://app.polytomic.com"),
        ("app.polytomic.com", "https://app.polytomic.com"),
        ("app.polytomic.com/", "https://app.polytomic.com"),
        ("https://host:8443//", "https://host:8443"),
        (" https://host/base/ ", "https://host/base"),
        ("http://127.0.0.1:8930", "http://127.0.0.1:8930"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:80", "http://[::1]"),
        ("localhost:8930", "http://localhost:8930"),
        ("LOCALHOST", "http://localhost"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("[::1]:8930/api", "http://[::1]:8930"),
        ("https://localhost", "https://localhost"),
        ("localhost.example:1", "https://localhost.example:1"),
        ("10.0.0.1", "https://10.0.0.1"),
        ("https://host/api", "https://host"),
        ("https://host/api/", "https://host"),
        ("host//api//", "https://host"),
        ("https://host/base/api", "https://host/base"),
        ("https://host/api/base", "https://host/api/base"),
        ("https://host/myapi", "https://host/myapi"),
        ("https://api", "https://api"),
        ("HTTPS://App.Example:443/Base", "https://app.example/Base"),
        ("https://host:", "https://host"),
        ("https://host:80", "https://host:80"),
    ],
)
def test_a_url_is_completed(text: str, url: str) -> None:
    """A bare host means https, one of this machine http; slashes, /api and usual ports go."""
    assert checked_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "http://app.polytomic.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://0.0.0.0",
        "ftp://host",
        "https://",
        "https://user:hunter2@host",
        "https://host?x=1",
        "https://host#x",
        "https://ho st",
        "https://host\nX-Evil: 1",
        "https://host:port",
        "https://[::1",
        "",
    ],
)
def test_a_url_that_credentials_must_not_go_to_is_refused(text: str) -> None:
    """Anything but https, or http to this machine, is refused without showing a password."""
    with pytest.raises(SettingsError) as caught:
        checked_url(text)

    assert caught.value.exit_code == 2
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


def test_the_api_key_is_a_bearer_token() -> None:
    """POLYTOMIC_API_KEY goes into a Bearer header, and to the documented address."""
    found = settings(POLYTOMIC_API_KEY=KEY)

    assert found.authorization == f"Bearer {KEY}"
    assert found.url == "https://app.polytomic.com"
    assert found.api_version == "2025-09-18"


def test_a_key_of_an_organization_is_basic() -> None:
    """A partner or deployment key acts in one organization, as the Terraform provider forms it."""
    partner = settings(
        POLYTOMIC_ORGANIZATION_ID=" org-1 ",
        POLYTOMIC_PARTNER_KEY="partner",
        POLYTOMIC_DEPLOYMENT_KEY="deployment",
    )
    deployment = settings(POLYTOMIC_ORGANIZATION_ID="org-1", POLYTOMIC_DEPLOYMENT_KEY="deployment")

    assert partner.authorization == "Basic " + base64.b64encode(b"org-1:partner").decode()
    assert deployment.authorization == "Basic " + base64.b64encode(b"org-1:deployment").decode()


def test_the_api_key_goes_before_the_others() -> None:
    """With several credentials the user's API key is used."""
    found = settings(
        POLYTOMIC_API_KEY=KEY, POLYTOMIC_ORGANIZATION_ID="o", POLYTOMIC_PARTNER_KEY="p"
    )

    assert found.authorization == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"POLYTOMIC_API_KEY": ""},
        {"POLYTOMIC_PARTNER_KEY": "p"},
        {"POLYTOMIC_ORGANIZATION_ID": "o"},
    ],
)
def test_missing_credentials_are_said_to_be(environ: dict[str, str]) -> None:
    """Without usable credentials the error names the variable to set."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ)

    assert "POLYTOMIC_" in (caught.value.hint or "")


@pytest.mark.parametrize("key", [f"{KEY}\nX-Evil: 1", f"{KEY}\x00", f"{KEY}\u2019", f"{KEY} b"])
def test_a_malformed_key_is_refused_and_not_shown(key: str) -> None:
    """A key with a line break or a curly quote is refused; its text is in no message."""
    with pytest.raises(SettingsError) as caught:
        settings(POLYTOMIC_API_KEY=key)

    assert KEY not in f"{caught.value!r} {caught.value.message} {caught.value.hint}"


def test_a_key_file_is_read_without_its_last_line_break(tmp_path: Path) -> None:
    """A file's key goes before the environment's, and loses the white space around it."""
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")

    found = Settings.from_env({"POLYTOMIC_API_KEY": "other"}, api_key_file=file)

    assert found.authorization == f"Bearer {KEY}"


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"\n"])
def test_an_unusable_key_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    """A key file that is missing, binary or empty is named in the error."""
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingsError, match="key"):
        Settings.from_env({}, api_key_file=file)


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"timeout": -1.0},
        {"timeout": float("nan")},
        {"api_version": "new\n"},
        {"api_version": "2025-02-30"},
        {"api_version": "2023-04-25"},
        {"api_version": "2024-02-07"},
        {"api_version": "\uff12\uff10\uff12\uff15-09-18"},
    ],
)
def test_unusable_options_are_refused(options: dict[str, Any]) -> None:
    """A timeout that is not positive, and a version that is no date or too old, are refused."""
    with pytest.raises(SettingsError):
        Settings.from_env({"POLYTOMIC_API_KEY": KEY}, **options)


@pytest.mark.parametrize("version", ["2024-02-08", "2099-01-01"])
def test_versions_whose_update_is_a_put_are_taken(version: str) -> None:
    """From the first of them on, later ones than this program knows included."""
    found = Settings.from_env({"POLYTOMIC_API_KEY": KEY}, api_version=version)

    assert found.api_version == version


def test_no_representation_shows_the_key() -> None:
    """Printing a client or its settings shows no credential."""
    client = Client("https://host", KEY)

    assert KEY not in repr(client) + repr(client.settings) + str(client.settings)
