"""How processes log: in one format, with the request or the run that a line is about."""

from __future__ import annotations

import logging
from contextvars import ContextVar

from temporalio import activity
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from store.outages import StoreUnavailable

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s%(about)s"

TALKING = (
    *("activities", "api", "automations", "cli", "connections", "connectors", "dev", "examples"),
    *("logs", "settings", "store", "temporal", "worker", "workflows", "__main__"),
    *("asyncio", "temporalio", "uvicorn"),
)
"""Whose lines the level is for: ours, and those of libraries that never write what a run holds."""

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that is being answered; the answer has it in the header `x-request-id`."""


def configure(level: str) -> None:
    """Sends all lines of this process to stderr, those of Temporal's SDK too.

    Call it before the first client of Temporal is made. `level` is a name of `logging`.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(FORMAT))
    handler.addFilter(_say_what_it_is_about)
    handler.addFilter(_tell_outages_in_one_line)
    number = logging.getLevelNamesMapping()[level.upper()]
    # Libraries write SQL with its values, URLs, headers and bodies at DEBUG and INFO.
    logging.basicConfig(level=max(logging.WARNING, number), handlers=[handler])
    for name in TALKING:
        logging.getLogger(name).setLevel(number)
    logging.getLogger("logs").debug("Logging at DEBUG; other people's libraries at WARNING.")
    core = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        # Else the SDK writes coloured lines of a format of its own.
        forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
    )
    Runtime.set_default(
        Runtime(telemetry=TelemetryConfig(logging=core)), error_if_already_set=False
    )


def _say_what_it_is_about(record: logging.LogRecord) -> bool:
    about = ""
    if activity.in_activity():
        info = activity.info()
        about = f" [run {info.workflow_id}, {info.activity_type}]"
    elif request := request_id.get():
        about = f" [request {request}]"
    record.about = about
    return True


def _tell_outages_in_one_line(record: logging.LogRecord) -> bool:
    """A database that is away is told of by whoever meets it, and each trace would say the same."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, StoreUnavailable):
        record.msg, record.args = f"{record.getMessage()}: {error}", ()
        record.exc_info = record.exc_text = None
    return True
