"""A process that asks for one credential many times at once, when told to.

Argument: JSON of the provider's URL, the database's URL, the project's id and how many.
"""

from __future__ import annotations

import asyncio
import json
import sys

from connections.accounts import Connections
from connectors.catalogue import Catalogue
from connectors.http import open_http
from connectors.manifest import App
from settings import Settings
from store.database import close_database, open_database
from store.encryption import Keyring


async def main() -> None:
    provider, url, project_id, count = json.loads(sys.argv[1])
    settings = Settings()
    app = App.model_validate(
        {
            "key": "calendar",
            "name": "Calendar",
            "auth": {
                "type": "oauth2",
                "authorize": {"url": f"{provider}/auth"},
                "token": {"url": f"{provider}/token"},
            },
        }
    )
    keyring = Keyring.from_settings(settings)
    database = open_database(url, keyring)
    async with open_http(settings) as http:
        connections = Connections(database, keyring, Catalogue([app]), http, settings)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        got = await asyncio.gather(
            *(connections.credential(project_id, "u1", "calendar") for _ in range(count))
        )
        print(json.dumps([credential.access_token for credential in got]))
        await connections.aclose()
    await close_database(database)


asyncio.run(main())
