"""What lies on this machine is the operator's alone: folders 0700, files 0600.

The rights of whoever makes a file come from the process (`private_umask`); `make_private` mends
what an earlier version, a backup or another program has made.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def private_umask() -> None:
    """From now on nobody else may read what this process and its children make."""
    os.umask(0o077)


def make_private(folder: Path) -> None:
    """Makes a folder if it is missing, and takes it and all in it from everybody else.

    Links are not followed. What belongs to another user stays as it is.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    _restrict(folder, FOLDER_MODE)
    for parent, folders, files in os.walk(folder):
        for name in folders:
            _restrict(Path(parent, name), FOLDER_MODE)
        for name in files:
            _restrict(Path(parent, name), FILE_MODE)


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The text of a private file, made if there is none; processes that race get the same one."""
    if not path.exists():
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        try:
            with os.fdopen(file, "wb") as stream:
                stream.write(f"{make()}\n".encode())
                stream.flush()
                os.fsync(stream.fileno())
            # A link fails where a rename would replace: whoever comes second uses the first
            # one's secret, and nobody ever sees half a file.
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    return path.read_text("ascii").strip()


def _restrict(path: Path, mode: int) -> None:
    # What goes meanwhile, or is not ours to change, is left.
    with contextlib.suppress(FileNotFoundError, PermissionError):
        there = path.lstat().st_mode
        if not stat.S_ISLNK(there) and stat.S_IMODE(there) & ~mode:
            path.chmod(stat.S_IMODE(there) & mode)
