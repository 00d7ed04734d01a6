"""What the developer enters once (`integration_fields`) says where all requests of an app go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connections.calling import call
from connections.errors import IntegrationIncomplete
from connectors.choices import list_choices
from connectors.executor import execute
from connectors.failures import ComponentError
from connectors.triggers.polling import Asker, ask
from tests.connections.quirks import OAUTH2, USER, Walk, light_walk_of_test, merged
from tests.provider.switches import Switches

if TYPE_CHECKING:
    from connectors.credential import Credential

__all__ = ["light_walk_of_test"]

KEY = Switches().key
API_KEY: dict[str, Any] = {
    "type": "api_key",
    "fields": [{"name": "key", "type": "password"}],
    "apply": [{"name": "X-Api-Key", "template": "{{ fields.key }}"}],
    "verify": {"method": "POST", "path": "/header"},
}
SERVER = {"name": "server", "type": "url", "label": "Address of your server"}
TENANT = {"name": "tenant", "pattern": "[a-z]+"}


async def open_gate() -> None:
    pass


class TestApiKey:
    async def test_connecting_and_actions_reach_the_developers_server(
        self, light_walk: Walk
    ) -> None:
        await light_walk.use(
            {**API_KEY, "integration_fields": [SERVER]},
            request={"method": "POST", "path": "/header"},
            settings={"server": f"{light_walk.provider.url}/t/acme"},
            switches={"api_tenant": "acme"},
            base_url="{server}/keys",
        )
        await light_walk.connect({"key": KEY})
        assert (await light_walk.call())["id"] == "acct-ada"
        assert {one.path for one in light_walk.provider.received} == {"/t/acme/keys/header"}
        assert light_walk.provider.refusals == []

    async def test_options_and_polls_reach_it_too(self, light_walk: Walk) -> None:
        shown = {"method": "POST", "path": "/header"}
        await light_walk.use(
            {**API_KEY, "integration_fields": [TENANT]},
            settings={"tenant": "acme"},
            switches={"api_tenant": "acme"},
            base_url="URL/t/{tenant}/keys",
            options=[
                {
                    "key": "vendor.people",
                    "name": "People",
                    "request": shown,
                    "items": "[body]",
                    "value": "{{ item.id }}",
                    "label": "{{ item.id }}",
                }
            ],
            components=[
                {
                    "key": "vendor.act",
                    "name": "Act",
                    "input_schema": {"type": "object", "properties": {"who": {"type": "string"}}},
                    "options": {"who": "people"},
                    "request": shown,
                }
            ],
            triggers=[
                {
                    "key": "vendor.new-person",
                    "name": "New person",
                    "source": {
                        "type": "poll",
                        "poll": {
                            "request": shown,
                            "items": "[body]",
                            "id": "item.id",
                            "emit": "{{ item }}",
                        },
                    },
                }
            ],
        )
        await light_walk.connect({"key": KEY})
        owner = (light_walk.project_id, USER, "vendor")

        async def choices(credential: Credential | None) -> list[Any]:
            component = light_walk.app.components[0]
            found = await list_choices(component, "who", {}, credential, light_walk.http)
            return [choice.value for choice in found.items]

        async def news(credential: Credential | None) -> int:
            trigger = light_walk.app.triggers[0]
            asker = Asker(trigger, {}, credential, light_walk.http, {}, USER)
            return len(list((await ask(asker, None, open_gate)).news))

        assert await call(light_walk.connections, owner, choices) == ["acct-ada"]
        assert await call(light_walk.connections, owner, news) == 1
        assert light_walk.provider.refusals == []

    async def test_a_setting_that_is_missing_is_named(self, light_walk: Walk) -> None:
        await light_walk.use({**API_KEY, "integration_fields": [SERVER]}, base_url="{server}/keys")
        with pytest.raises(IntegrationIncomplete, match="lacks Address of your server"):
            await light_walk.connections.connect_with_fields(
                light_walk.project_id, USER, "vendor", {"key": KEY}
            )
        assert light_walk.provider.received == []


class TestOAuth:
    async def test_all_urls_take_the_developers_settings(self, light_walk: Walk) -> None:
        auth = {
            "integration_fields": [SERVER],
            "authorize": {"url": "{server}/oauth2/authorize"},
            "token": {"url": "{server}/oauth2/token"},
            "verify": {"path": "/me", "account": {"id": "body.id"}},
            "on_delete": {"path": "/me"},
        }
        await light_walk.use(
            merged(OAUTH2, auth),
            request={"path": "/me"},
            settings={"server": f"{light_walk.provider.url}/t/acme"},
            switches={"tenant": "acme", "api_tenant": "acme"},
            base_url="{server}/api",
        )
        await light_walk.connect()
        assert (await light_walk.call())["id"] == "acct-ada"
        await light_walk.renew()
        assert (await light_walk.call())["id"] == "acct-ada"
        await light_walk.connections.delete(light_walk.project_id, USER, "vendor")
        assert {one.path.split("/")[2] for one in light_walk.provider.received} == {"acme"}
        assert light_walk.provider.refusals == []


class TestNoAccounts:
    async def test_an_app_without_accounts_is_found_by_the_setting(self, light_walk: Walk) -> None:
        await light_walk.use(
            {"type": "none", "integration_fields": [SERVER]},
            request={"path": "/me"},
            settings={"server": f"{light_walk.provider.url}/t/acme"},
            base_url="{server}/api",
            errors=[{"statuses": [401], "kind": "not_permitted"}],
        )

        async def status(credential: Credential | None) -> Any:
            component = light_walk.app.components[0]
            return await execute(component, {}, credential, light_walk.http, idempotency_key="k")

        owner = (light_walk.project_id, USER, "vendor")
        with pytest.raises(ComponentError, match="answered 401"):
            await call(light_walk.connections, owner, status)
        assert light_walk.provider.received[-1].path == "/t/acme/api/me"
