"""Files of this user's own: changed by one process at a time, and made by one alone."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from patcher.disk import NotPrivateError, create_private, update_private

COUNT = """
import sys
from pathlib import Path
from patcher.disk import update_private
for _ in range(300):
    update_private(Path(sys.argv[1]), lambda found: str(int(found or b"0") + 1).encode())
"""

CREATE = """
import sys
from pathlib import Path
from patcher.disk import create_private
print(sum(create_private(Path(sys.argv[1]) / str(n), b"x") for n in range(100)))
"""


def outputs(code: str, path: Path) -> list[str]:
    """What four processes print that run ``code`` at the same time."""
    command = [sys.executable, "-c", code, str(path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    return [one.communicate()[0] for one in running]


def test_no_process_loses_what_another_one_writes(tmp_path: Path) -> None:
    """Four processes count in one file, and nothing is lost."""
    path = tmp_path / "count"

    outputs(COUNT, path)

    assert path.read_bytes() == b"1200"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_is_made_by_one_process_alone(tmp_path: Path) -> None:
    """Of four that want to make it, one is told that it did."""
    made = outputs(CREATE, tmp_path)

    assert sum(map(int, made)) == 100


def test_less_than_there_was_is_all_that_there_is(tmp_path: Path) -> None:
    """Nothing of a longer content stays behind a shorter one."""
    path = tmp_path / "file"
    update_private(path, lambda _: b"longer")
    update_private(path, lambda found: found[:2])

    assert path.read_bytes() == b"lo"


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    """What someone else may have planted is refused, and what it leads to is left alone."""
    (tmp_path / "other").write_bytes(b"theirs")
    (tmp_path / "link").symlink_to(tmp_path / "other")

    with pytest.raises(NotPrivateError):
        update_private(tmp_path / "link", lambda _: b"ours")
    assert create_private(tmp_path / "link", b"ours") is False

    assert (tmp_path / "other").read_bytes() == b"theirs"
