"""The command `inlay`: all of Inlay on one machine, or one of its processes."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from settings import Settings, get_settings

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
STYLES = {"inlay": "bold", "temporal": "magenta", "api": "cyan", "worker": "green"}
GRACEFUL_STOP = 15
"""Seconds that calls which wait for a run have to end when the API stops."""


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
    import uvicorn

    from api.app import create_app
    from store.encryption import Keyring

    settings = _settings_with_logging()
    # Here a wrong key is one clear line, and not a trace of a server that fails to start.
    Keyring.from_settings(settings)
    uvicorn.run(
        create_app(settings),
        host=host,
        port=port,
        log_config=None,
        # An access log would hold the codes that OAuth puts into URLs.
        access_log=False,
        timeout_graceful_shutdown=GRACEFUL_STOP,
    )


@app.command()
def worker() -> None:
    """Run a worker: it executes workflows and their activities."""
    from worker import run_worker

    settings = _settings_with_logging()

    async def main() -> int:
        await run_worker(settings)
        return 0

    raise typer.Exit(_run_until_signal(main()))


@app.command()
def migrate() -> None:
    """Bring the database to this version, and tell Temporal the search attributes of runs."""
    from store.encryption import Keyring
    from store.migrations import upgrade
    from temporal.client import connect, register_search_attributes

    settings = _settings_with_logging()

    async def main() -> None:
        keyring = Keyring.from_settings(settings)
        await upgrade(settings.effective_database_url, keyring)
        await register_search_attributes(await connect(settings, keyring))

    asyncio.run(main())


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
    from sqlalchemy.exc import SQLAlchemyError

    from store.database import close_database, open_database
    from store.encryption import Keyring

    settings = _settings_with_logging()

    async def run() -> int:
        keyring = Keyring.from_settings(settings)
        database = open_database(settings.effective_database_url, keyring)
        try:
            return await main(database, keyring)
        finally:
            await close_database(database)

    try:
        return asyncio.run(run())
    except (SQLAlchemyError, OSError) as error:
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


def _run_until_signal(main: Coroutine[Any, Any, int]) -> int:
    """The status that `main` returns; 0 when SIGINT, SIGTERM or SIGHUP cancelled it."""
    if sys.platform == "win32":
        raise typer.BadParameter("Inlay runs on Linux and macOS; on Windows use WSL")
    import uvloop

    async def run() -> int:
        task = asyncio.ensure_future(main)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            return 0

    return uvloop.run(run())


def _settings_with_logging() -> Settings:
    settings = get_settings()
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    return settings


def main() -> None:
    """The entry point of the command."""
    from store.encryption import ConfigurationError

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
            text = fault["msg"].removeprefix("Value error, ")
            typer.secho(f"Inlay cannot start: {name}{text}", fg="red", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
