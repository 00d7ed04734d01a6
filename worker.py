"""The worker process: executes workflows and activities until it is told to stop."""

from __future__ import annotations

import asyncio
import logging

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.bookkeeping import Bookkeeping
from activities.component import ComponentActivity
from activities.event_batches import EventBatches
from activities.events import EventActivity
from activities.notifications import Delivery
from activities.polling import Polling
from activities.registrations import Registrations
from connections.accounts import Connections
from connectors.catalogue import catalogue_of
from connectors.http import open_http
from connectors.secret_inputs import SecretInputs
from settings import Settings
from store.database import Database, close_database, database_of
from store.encryption import Keyring
from store.event_log import EventLog
from store.ledger import Ledger
from store.migrations import problem_of
from temporal.callback_urls import CallbackUrls
from temporal.client import TASK_QUEUE, connect, register_search_attributes
from temporal.event_runs import EventRuns
from temporal.outbox import Outbox
from temporal.reconciliation import Reconciliation
from temporal.registration_keeper import RegistrationKeeper
from temporal.taken_events import TakenEvents
from temporal.worker import build_worker

logger = logging.getLogger(__name__)

CONNECT_INTERVAL = 2.0


async def run_worker(settings: Settings) -> None:
    """Works until cancelled; then lets running calls end for a while (`temporal.worker.GRACE`).

    Waits for Temporal and its search attributes when the server is not there yet.
    """
    keyring = Keyring.from_settings(settings)
    database = database_of(settings, keyring)
    catalogue = catalogue_of(settings.connector_dirs)
    ledger = Ledger(database)
    await _database_serves(database)
    client = await _connect(settings, keyring)
    async with open_http(settings) as http:
        connections = Connections(database, keyring, catalogue, http, settings)
        secret_inputs = SecretInputs(catalogue, keyring)
        components = ComponentActivity(catalogue, connections, http, ledger, secret_inputs)
        book = Bookkeeping(database, ledger)
        delivery = Delivery(database, keyring, http)
        callback_urls = CallbackUrls(keyring, settings.public_url)
        event_runs = EventRuns(client, database, ledger, callback_urls, secret_inputs)
        event_log = EventLog(database, keyring)
        registrations = Registrations(
            database, keyring, catalogue, connections, http, settings.public_url
        )
        worker = build_worker(
            client,
            [
                components.execute,
                book.record_run,
                book.record_traces,
                book.record_pause,
                book.record_resume,
                delivery.deliver,
                EventActivity(database, keyring, catalogue, connections, http).fetch,
                registrations.reconcile,
                Polling(database, keyring, catalogue, connections, http, event_runs).poll,
                EventBatches(database, TakenEvents(event_runs, event_log)).start,
            ],
        )
        loops = [
            asyncio.create_task(Reconciliation(client, database, ledger).run()),
            asyncio.create_task(Outbox(client, database).run()),
            asyncio.create_task(RegistrationKeeper(client, database, settings.public_url).run()),
        ]
        try:
            async with worker:
                logger.info("The worker takes tasks from the queue %s.", TASK_QUEUE)
                await asyncio.Future()
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await event_log.aclose()
            await close_database(database)


async def _database_serves(database: Database) -> None:
    """Waits for a database of this version."""
    told = None
    while (problem := await problem_of(database.kw["bind"])) is not None:
        if problem != told:
            logger.error("%s The worker waits.", problem)
            told = problem
        await asyncio.sleep(CONNECT_INTERVAL)


async def _connect(settings: Settings, keyring: Keyring) -> Client:
    while True:
        attempt = asyncio.create_task(_connected(settings, keyring))
        try:
            # A call of the SDK that is abandoned may keep the process from ending.
            client = await asyncio.shield(attempt)
        except asyncio.CancelledError:
            await asyncio.wait({attempt}, timeout=CONNECT_INTERVAL)
            raise
        except RPCError as error:
            logger.warning("Temporal at %s: %s", settings.temporal_address, error.message)
        except RuntimeError as error:
            logger.warning("Temporal at %s cannot be reached: %s", settings.temporal_address, error)
        else:
            return client
        await asyncio.sleep(CONNECT_INTERVAL)


async def _connected(settings: Settings, keyring: Keyring) -> Client:
    client = await connect(settings, keyring)
    try:
        await register_search_attributes(client)
    except RPCError as error:
        if error.status != RPCStatusCode.PERMISSION_DENIED:
            raise
        logger.warning("Search attributes were not registered: %s", error.message)
    return client
