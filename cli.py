"""The command `inlay`: all of Inlay on one machine, or one of its processes."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text
from temporalio.service import RPCError

from automations.sentences import message_of_error
from logs import configure
from settings import ConfigurationError, Settings, get_settings, unknown_variables
from store.files import make_private, private_umask

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from dev.supervisor import Log
    from store.database import Database
    from store.encryption import Keyring
    from store.rotation import Count, Progress

app = typer.Typer(
    help="Inlay: embedded integrations, self-hosted and durable on Temporal.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # logs are read by programs, too
)
keys = typer.Typer(help="Make and rotate the keys that encrypt secrets.", no_args_is_help=True)
app.add_typer(keys, name="keys")
connectors = typer.Typer(help="Look after the connectors of apps.", no_args_is_help=True)
app.add_typer(connectors, name="connectors")
STYLES = {"inlay": "bold", "temporal": "magenta", "api": "cyan", "worker": "green"}
logger = logging.getLogger("inlay")


@app.command()
def dev() -> None:
    """Run everything on this machine; data stays in INLAY_DATA_DIR. Ctrl-C stops it."""
    _run_local(_dev(get_settings(), Console(highlight=False)))


@app.command()
def demo(
    once: Annotated[bool, typer.Option(help="End after the runs.")] = False,
    info: Annotated[Path | None, typer.Option(help="Write what happened there, as JSON.")] = None,
) -> None:
    """Run a demonstration: one automation for two end users of a small third-party app."""
    from examples.demo import run_demo

    _run_local(run_demo(Console(highlight=False), once=once, info=info))


@app.command()
def api(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
) -> None:
    """Run the REST API."""
    from api.app import create_app
    from api.server import serve

    settings = _serving()
    serve(create_app(settings), settings, host, port)


@app.command()
def worker() -> None:
    """Run a worker: it executes workflows and their activities."""
    from worker import run_worker

    settings = _serving()

    async def main() -> int:
        await run_worker(settings)
        return 0

    _end(_run_until_signal(main(), patient=False))


@connectors.command("check")
def check_connectors(
    folder: Annotated[Path, typer.Argument(help="It holds a folder for each app.")],
) -> None:
    """Say what is wrong with the manifests of a folder; ends with 1 if anything is."""
    from connectors.catalogue import ManifestError, load_catalogue

    try:
        faults = load_catalogue([folder]).faults
    except ManifestError:
        faults = (f"{folder} is no folder",)
    for fault in faults:
        typer.secho(fault, fg="red", err=True)
    raise SystemExit(1 if faults else 0)


@app.command("check-worker")
def check_worker() -> None:
    """Say whether a worker of this host takes tasks: a health check for containers."""
    from store.encryption import Keyring
    from temporal.client import connect, polls_here

    settings = get_settings()

    async def main() -> bool:
        return await polls_here(await connect(settings, Keyring.from_settings(settings)))

    try:
        polls = asyncio.run(main())
    except (RPCError, RuntimeError) as error:
        typer.secho(f"Temporal at {settings.temporal_address}: {error}", fg="red", err=True)
        _end(1)
    typer.echo("A worker of this host takes tasks." if polls else "No worker of this host does.")
    _end(0 if polls else 1)


@app.command()
def migrate() -> None:
    """Bring the database to this version, and tell Temporal the search attributes of runs."""
    from store.encryption import Keyring
    from store.migrations import upgrade
    from temporal.client import connect, register_search_attributes

    settings = _started()
    keyring = Keyring.from_settings(settings)

    async def migrate_database() -> int:
        await upgrade(settings.effective_database_url, keyring)
        return 0

    async def register() -> None:
        await register_search_attributes(await connect(settings, keyring))

    if status := _with_database(migrate_database()):
        raise typer.Exit(status)
    try:
        asyncio.run(register())
    except (RPCError, RuntimeError) as error:
        typer.secho(
            f"The database is migrated. Temporal at {settings.temporal_address} could not be told "
            f"the search attributes: {error}. Repeat this when it serves.",
            fg="red",
            err=True,
        )
        _end(1)
    _end(0)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(importlib.metadata.version("inlay"))


@keys.command("make")
def make_key() -> None:
    """Print a new random key."""
    from store.encryption import make_key

    typer.echo(make_key())


@keys.command("status")
def key_status() -> None:
    """Say how many secrets of the database lie under which key."""

    async def main(database: Database, keyring: Keyring) -> int:
        from store.rotation import count_secrets

        _print_counts(await count_secrets(database), keyring)
        return 0

    raise typer.Exit(_with_secrets(main))


@keys.command("rotate")
def rotate_keys() -> None:
    """Move all secrets of the database under the first key; services may run meanwhile.

    Ends with 1 when some stay under another key. May be interrupted and repeated.
    """

    async def main(database: Database, keyring: Keyring) -> int:
        from store.rotation import count_secrets, rotate

        progress = await rotate(
            database,
            keyring,
            lambda column, done: typer.echo(f"{column}: {done.moved} secrets moved so far"),
        )
        _print_left(progress)
        counts = await count_secrets(database)
        typer.echo(f"Secrets moved under the first key: {progress.moved}. They lie now:")
        return 0 if _print_counts(counts, keyring) else 1

    raise typer.Exit(_with_secrets(main))


def _with_secrets(main: Callable[[Database, Keyring], Awaitable[int]]) -> int:
    from store.database import close_database, database_of
    from store.encryption import Keyring

    settings = _started()
    keyring = Keyring.from_settings(settings)

    async def run() -> int:
        database = database_of(settings, keyring)
        try:
            return await main(database, keyring)
        finally:
            await close_database(database)

    return _with_database(run())


def _with_database(main: Coroutine[Any, Any, int]) -> int:
    """The status that `main` gives; 1 and a line where the database does not let it."""
    from asyncpg import PostgresError  # type: ignore[import-untyped]  # it ships no types
    from sqlalchemy.exc import SQLAlchemyError

    from store.outages import StoreUnavailable

    try:
        return asyncio.run(main)
    except (StoreUnavailable, SQLAlchemyError, PostgresError, OSError) as error:
        reason = getattr(error, "orig", None) or error
        hint = "Check INLAY_DATABASE_URL, and run `inlay migrate` where a table is missing."
        typer.secho(f"The database cannot be used: {reason}. {hint}", fg="red", err=True)
        return 1


def _print_left(progress: Progress) -> None:
    for table, column, primary_key, reason in progress.left:
        typer.echo(f"left: {table}.{column} of {', '.join(map(str, primary_key))}: {reason}")
    if progress.old_format:
        typer.echo(
            f"{progress.old_format} secrets have the format of an earlier version. They move when"
            " they are written anew: when a token is refreshed or an account reconnected."
        )
    if progress.unreadable:
        typer.echo(
            f"{progress.unreadable} secrets cannot be read. Put the missing key behind the others"
            " and repeat, or let the accounts be reconnected."
        )


def _print_counts(counts: Sequence[Count], keyring: Keyring) -> bool:
    """Whether all secrets lie under the first key."""
    first, *older = keyring.key_ids
    known = {first: "encrypts", **dict.fromkeys(older, "decrypts")}
    used = {count.label.key_id for count in counts if count.label}
    for key_id in [*known, *sorted(used - set(known))]:
        typer.echo(f"key {key_id} ({known.get(key_id, 'MISSING from the settings')})")
        for table, column, label, secrets in counts:
            if label is not None and label.key_id == key_id:
                version = " in the format of an earlier version" if label.version == 1 else ""
                typer.echo(f"  {secrets:>8} {table}.{column}{version}")
        if key_id in older and key_id not in used:
            typer.echo(
                "         no secret of the database. Before you remove this key: all processes must"
                " run with the\n         new one in front, and what Temporal and callback URLs hold"
                " stays under this key until\n         every run that was started with it has ended"
                " and the namespace's retention has passed."
            )
    for table, column, label, secrets in counts:
        if label is None:
            typer.echo(f"no ciphertext\n  {secrets:>8} {table}.{column}")
    return all(label is not None and label.key_id == first for _, _, label, _ in counts)


async def _dev(settings: Settings, console: Console) -> int:
    from dev.stack import running_stack

    log = terminal_log(console)
    log("inlay", f"starting; data lies in {settings.data_dir.absolute()}")
    async with running_stack(settings, log) as stack:
        log("inlay", f"Console      {stack.settings.public_url}")
        log("inlay", f"API          {stack.settings.public_url}/docs")
        log("inlay", f"Temporal UI  {stack.settings.temporal_ui_url}")
        log("inlay", "Ctrl-C stops it")
        await stack.supervisor.failed.wait()
    return 1


def terminal_log(console: Console) -> Log:
    """Prints the lines of all processes, each behind the name of its process."""

    def print_line(name: str, line: str) -> None:
        prefix = Text(f"{name:>8} | ", style=STYLES.get(name, ""))
        console.print(prefix + Text.from_ansi(line), soft_wrap=True)

    return print_line


def _run_local(main: Coroutine[Any, Any, int]) -> None:
    from dev.stack import DevError
    from temporal.server import DevServerError

    try:
        status = _run_until_signal(main)
    except (DevError, DevServerError) as error:
        typer.secho(f"Inlay cannot run: {error}", fg="red", err=True)
        status = 1
    raise typer.Exit(status)


def _run_until_signal(main: Coroutine[Any, Any, int], *, patient: bool = True) -> int:
    """The status that `main` returns; 0 when SIGINT, SIGTERM or SIGHUP cancelled it.

    Without patience, a second signal ends the process at once.
    """
    if sys.platform == "win32":
        raise typer.BadParameter("Inlay runs on Linux and macOS; on Windows use WSL")
    import uvloop

    async def run() -> int:
        task = asyncio.ensure_future(main)
        loop = asyncio.get_running_loop()

        def stop(number: int) -> None:
            if task.cancelling() and not patient:
                os._exit(128 + number)
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop, number)
        try:
            return await task
        except asyncio.CancelledError:
            return 0

    return uvloop.run(run())


def _started() -> Settings:
    """The settings of a process that begins, its log, and a word on what is odd about them."""
    settings = get_settings()
    private_umask()
    if settings.data_dir.exists():
        make_private(settings.data_dir)
    configure(settings.log_level)
    for warning in unknown_variables(os.environ):
        logger.warning("%s", warning)
    return settings


def _serving() -> Settings:
    """The settings of a process that serves; a wrong one is one line, before anything starts."""
    from store.encryption import Keyring

    settings = _started()
    Keyring.from_settings(settings)
    settings.refuse_in_production()
    return settings


def _end(status: int) -> NoReturn:
    """Ends a process that has used Temporal's SDK.

    One of its threads that still waits for a server would keep the process, or abort it.
    """
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)


def main() -> None:
    """The entry point of the command."""
    try:
        app()
    except ConfigurationError as error:
        typer.secho(f"Inlay cannot start: {error}", fg="red", err=True)
        raise SystemExit(1) from None
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        for fault in error.errors():
            name = "".join(f"INLAY_{part}".upper() + ": " for part in fault["loc"])
            typer.secho(f"Inlay cannot start: {name}{message_of_error(fault)}", fg="red", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
