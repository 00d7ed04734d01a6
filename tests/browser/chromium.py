"""A real Chromium: the system's, else the one inside an npm package, with axe-core beside it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import CACHE, _node

SOURCE = Path(__file__).parent
FILES = ("package.json", "package-lock.json", ".npmrc", "unpack.mjs")
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


@dataclass(frozen=True)
class Program:
    """How to start a Chromium."""

    path: str
    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)


def find_chromium() -> Program:
    """The system's Chromium, or the package's."""
    if found := shutil.which("chromium"):
        return Program(found, ["--no-sandbox"])
    return packaged_chromium()


def packaged_chromium() -> Program:
    """The headless shell of npm's @sparticuz/chromium, with the libraries and fonts it brings."""
    unpacked = installed() / "unpacked"
    fonts = unpacked / "fonts.conf"
    fonts.write_text(FONTS.format(fonts=unpacked / "fonts", cache=unpacked / "fonts-cache"))
    environment = {
        "LD_LIBRARY_PATH": str(unpacked / "al2023" / "lib"),
        "FONTCONFIG_FILE": str(fonts),
    }
    return Program(str(unpacked / "chromium"), ["--no-sandbox", "--headless=shell"], environment)


def axe_script() -> str:
    """The source of axe-core."""
    return (installed() / "node_modules" / "axe-core" / "axe.min.js").read_text()


def installed() -> Path:
    """The folder with both packages, made once for each version of their files."""
    digest = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in FILES)).hexdigest()
    folder = CACHE / f"browser-{digest[:16]}"
    if folder.exists():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="browser-", dir=CACHE))
    for name in FILES:
        shutil.copy(SOURCE / name, draft / name)
    node, npm = _node()
    _run([*npm, "ci"], draft)
    (draft / "unpacked").mkdir()
    # On that system the package unpacks the libraries that a bare machine lacks.
    system = {"TMPDIR": str(draft / "unpacked"), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
    _run([*node, "unpack.mjs"], draft, system)
    try:
        draft.rename(folder)
    except OSError:
        # Another run was faster; its folder is as good.
        assert folder.exists()
        shutil.rmtree(draft)
    return folder


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
