"""The provider as a program: `python -m tests.provider --port N --set name=value`."""

from __future__ import annotations

import argparse

import uvicorn
from pydantic import ValidationError

from tests.provider.app import Place, application
from tests.provider.state import Provider
from tests.provider.switches import Switches, parsed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.provider", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a switch (tests/provider/switches.py); the value is JSON, or text",
    )
    arguments = parser.parse_args()
    try:
        switches = Switches().changed(parsed(arguments.set))
    except (ValidationError, ValueError) as error:
        parser.error(str(error))
    place = Place(Provider(f"http://{arguments.host}:{arguments.port}", switches))
    uvicorn.run(
        application(place),
        host=arguments.host,
        port=arguments.port,
        lifespan="off",
        date_header=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )


main()
