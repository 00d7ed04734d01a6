"""What Inlay promises of its files on a machine that other people use, too."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

from store.files import make_private

ROOT = Path(__file__).parents[2]


def modes(folder: Path) -> dict[str, int]:
    """The rights of a folder and of all in it."""
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode)
        for path in [folder, *folder.rglob("*")]
    }


def test_whatever_a_process_makes_is_its_users_alone(tmp_path: Path) -> None:
    """Also where the shell that starts it would let everybody read."""
    data = tmp_path / "made" / "data"
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            "import cli; cli._started();"
            "from settings import get_settings as get; from store.encryption import Keyring;"
            "from store.migrations import migrate; from pathlib import Path; s = get();"
            "migrate(s.effective_database_url, Keyring.from_settings(s));"
            "(s.data_dir / 'payloads' / 'ab').mkdir(parents=True);"
            "(s.data_dir / 'payloads' / 'ab' / 'x').write_text('x')",
        ],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "INLAY_DATA_DIR": str(data)},
        umask=0,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found = modes(data)
    assert {"inlay.db", "encryption.key", "payloads/ab/x"} <= found.keys()
    assert {path for path, mode in found.items() if mode & 0o077} == set()


def test_what_others_could_read_is_taken_from_them_at_the_next_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "payloads" / "ab").mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("of somebody else")
    elsewhere.chmod(0o644)
    (data / "link").symlink_to(elsewhere)
    for file in ("inlay.db", "inlay.db-wal", "temporal.db", "payloads/ab/x"):
        (data / file).write_text("x")
        (data / file).chmod(0o644)
    for folder in (data, data / "payloads", data / "payloads" / "ab"):
        folder.chmod(0o755)

    make_private(data)

    found = modes(data)
    assert found.pop("link")
    assert {mode for path, mode in found.items() if (data / path).is_dir()} == {0o700}
    assert {mode for path, mode in found.items() if (data / path).is_file()} == {0o600}
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644
