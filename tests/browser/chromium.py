"""A real Chromium: the system's, else the one inside an npm package, with axe-core beside it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from tests import packages

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
    """The folder with both packages."""
    return packages.installed(SOURCE, FILES, _unpack)


def _unpack(folder: Path) -> None:
    (folder / "unpacked").mkdir()
    # On that system the package unpacks the libraries that a bare machine lacks.
    system = {"TMPDIR": str(folder / "unpacked"), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
    packages.execute([*packages.node_and_npm()[0], "unpack.mjs"], folder, system)
