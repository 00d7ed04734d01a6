"""Runs Tracker on a port of this machine: `python -m examples.tracker <port>`.

`TRACKER_CLIENT_ID`, `TRACKER_CLIENT_SECRET` and `TRACKER_REDIRECT_URI` register its client;
`TRACKER_TOKEN_LIFETIME` and `TRACKER_LATENCY` are in seconds.
"""

import os
import sys

import uvicorn

from examples.tracker.app import create_app
from examples.tracker.state import Config

config = Config(
    client_id=os.environ["TRACKER_CLIENT_ID"],
    client_secret=os.environ["TRACKER_CLIENT_SECRET"],
    redirect_uri=os.environ["TRACKER_REDIRECT_URI"],
    token_lifetime=int(os.environ.get("TRACKER_TOKEN_LIFETIME", "3600")),
    latency=float(os.environ.get("TRACKER_LATENCY", "0")),
)
uvicorn.run(create_app(config), port=int(sys.argv[1]), log_level="warning", access_log=False)
