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
from rich.console import Console
from rich.text import Text

from settings import Settings, get_settings

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from dev.supervisor import Log

app = typer.Typer(
    help="Inlay: embedded integrations, self-hosted and durable on Temporal.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # logs are read by programs, too
)
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

    settings = _settings_with_logging()
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
        await upgrade(settings.effective_database_url)
        await register_search_attributes(await connect(settings, Keyring.from_settings(settings)))

    asyncio.run(main())


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(importlib.metadata.version("inlay"))


async def _dev(settings: Settings, console: Console) -> int:
    from dev.stack import running_stack

    log = terminal_log(console)
    log("inlay", f"starting; data lies in {settings.data_dir.absolute()}")
    async with running_stack(settings, log) as stack:
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
    app()


if __name__ == "__main__":
    main()
