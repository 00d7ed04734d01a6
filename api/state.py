"""What the routes work with: made when the app starts, one object an app."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from api.hook_targets import HookTargets
from api.openid import OpenId, open_openid
from api.passwords import Passwords
from api.published import PublishedVersions
from api.runs import Runs
from api.token_use import TokenUse
from connections.accounts import Connections
from connections.links import Links
from connectors.catalogue import Catalogue, catalogue_of
from connectors.http import open_http
from connectors.secret_inputs import SecretInputs
from settings import Settings
from store.database import Database, close_database, database_of
from store.encryption import Keyring
from store.event_log import EventLog
from store.ledger import Ledger
from store.migrations import problem_of
from temporal.callback_urls import CallbackUrls
from temporal.client import connect
from temporal.event_runs import EventRuns
from temporal.taken_events import TakenEvents
from temporal.wakes import Wakes

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """The parts of Inlay that routes use."""

    settings: Settings
    database: Database
    engine: AsyncEngine
    keyring: Keyring
    catalogue: Catalogue
    connections: Connections
    links: Links
    runs: Runs
    versions: PublishedVersions
    secret_inputs: SecretInputs
    passwords: Passwords
    openid: OpenId | None
    token_use: TokenUse
    callback_urls: CallbackUrls
    temporal: Client
    event_runs: EventRuns
    event_log: EventLog
    taken_events: TakenEvents
    wakes: Wakes
    hook_targets: HookTargets


@asynccontextmanager
async def open_state(settings: Settings) -> AsyncIterator[State]:
    """Opens all that the API needs, and closes it at the end.

    Temporal is connected to at the first call, so that the API starts while it is down.
    """
    keyring = Keyring.from_settings(settings)
    catalogue = catalogue_of(settings.connector_dirs)
    database = database_of(settings, keyring)
    token_use = TokenUse(database)
    try:
        if (problem := await problem_of(database.kw["bind"])) is not None:
            logger.error("%s Until then, most requests are answered with 503.", problem)
        client = await connect(settings, keyring, lazy=True)
        async with open_http(settings) as http, open_openid(settings) as openid:
            connections = Connections(database, keyring, catalogue, http, settings)
            runs = Runs(client, database)
            callback_urls = CallbackUrls(keyring, settings.public_url)
            event_log = EventLog(database, keyring)
            secret_inputs = SecretInputs(catalogue, keyring)
            event_runs = EventRuns(client, database, Ledger(database), callback_urls, secret_inputs)
            yield State(
                settings=settings,
                database=database,
                engine=database.kw["bind"],
                keyring=keyring,
                catalogue=catalogue,
                connections=connections,
                links=Links(connections),
                runs=runs,
                versions=PublishedVersions(catalogue),
                secret_inputs=secret_inputs,
                passwords=Passwords(),
                openid=openid,
                token_use=token_use,
                callback_urls=callback_urls,
                temporal=client,
                event_runs=event_runs,
                event_log=event_log,
                taken_events=TakenEvents(event_runs, event_log),
                wakes=Wakes(client),
                hook_targets=HookTargets(connections.resources),
            )
            await event_log.aclose()
            await runs.aclose()
            await connections.aclose()
    finally:
        await token_use.aclose()
        await close_database(database)


async def get_state(request: Request) -> State:
    """The state of the app that handles the request."""
    state: State = request.app.state.inlay
    return state


StateDep = Annotated[State, Depends(get_state)]
