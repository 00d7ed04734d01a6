"""`python -m store.migrations <what changes>` writes the migration that the models now need."""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from store.encryption import KEY_BYTES, Keyring
from store.migrations import configuration, migrate


def main() -> None:
    """Compares the models with the schema that the existing migrations give."""
    message = " ".join(sys.argv[1:])
    if not message:
        sys.exit("Say what changes, for example: python -m store.migrations add a colour to runs")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "empty.db")
        keyring = Keyring([secrets.token_bytes(KEY_BYTES)])
        migrate(f"sqlite+aiosqlite:///{file}", keyring)
        with create_engine(f"sqlite:///{file}").connect() as connection:
            config = configuration(connection, keyring)
            number = 1 + len(list(ScriptDirectory.from_config(config).walk_revisions()))
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")


if __name__ == "__main__":
    main()
